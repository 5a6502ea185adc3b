/// The number types of a file of tensors, by the names they have there.
public enum SafetensorsType: String, Sendable, Hashable, CaseIterable {
  /// A truth value in one byte.
  case bool = "BOOL"
  /// An unsigned integer of 8 bits.
  case uint8 = "U8"
  /// A signed integer of 8 bits.
  case int8 = "I8"
  /// A signed integer of 16 bits.
  case int16 = "I16"
  /// An unsigned integer of 16 bits.
  case uint16 = "U16"
  /// A floating-point number of 16 bits, IEEE 754.
  case float16 = "F16"
  /// The upper half of a floating-point number of 32 bits.
  case bfloat16 = "BF16"
  /// A signed integer of 32 bits.
  case int32 = "I32"
  /// An unsigned integer of 32 bits.
  case uint32 = "U32"
  /// A floating-point number of 32 bits.
  case float32 = "F32"
  /// A floating-point number of 64 bits.
  case float64 = "F64"
  /// A signed integer of 64 bits.
  case int64 = "I64"
  /// An unsigned integer of 64 bits.
  case uint64 = "U64"

  /// The number of bytes of one entry.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The number that a half-precision bit pattern stands for; every one is exact in `Float`.
  static func half(_ pattern: UInt16) -> Float {
    let sign = UInt32(pattern & 0x8000) << 16
    let exponent = UInt32(pattern >> 10) & 0x1f
    let fraction = UInt32(pattern & 0x3ff)
    switch exponent {
    case 0:
      // Subnormal: a multiple of 2⁻²⁴.
      let size = Float(fraction) * 0x1p-24
      return sign == 0 ? size : -size
    case 0x1f:
      return Float(bitPattern: sign | 0x7f80_0000 | (fraction << 13))
    default:
      return Float(bitPattern: sign | ((exponent + 112) << 23) | (fraction << 13))
    }
  }
}
