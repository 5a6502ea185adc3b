/// The array itself under the type it is known to have, or `nil` where its elements are of another.
///
/// A cast with `as?` would look at every element, and takes an empty array for one of any type.
package func sameArray<Element, Other>(_ array: [Element], as other: Other.Type) -> [Other]? {
  guard Element.self == Other.self else { return nil }
  return unsafe unsafeBitCast(array, to: [Other].self)
}
