internal import TensorCore
