/// How differences are written in messages.
package enum DifferenceText {
  /// Returns a difference with four digits.
  package static func short(_ value: Float) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var scale = 1.0
    while Double(value).magnitude * scale < 1000 { scale *= 10 }
    return "\(Float((Double(value) * scale).rounded() / scale))"
  }
}
