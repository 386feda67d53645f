/// Numbers with a fixed count of decimals, as drawings and captions have them.
package enum DecimalText {
  /// Returns a number with a fixed count of decimals, or without the zeros at its end.
  package static func text(_ value: Double, places: Int, isPadded: Bool = true) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = (value * Double(scale)).rounded()
    guard scaled.magnitude < 1e15 else { return "0" }
    let whole = Int(scaled.magnitude)
    let sign = scaled < 0 ? "-" : ""
    var fraction = String(whole % scale)
    fraction = String(repeating: "0", count: places - min(places, fraction.count)) + fraction
    if !isPadded { while fraction.last == "0" { fraction.removeLast() } }
    let isWhole = places == 0 || fraction.isEmpty
    return sign + "\(whole / scale)" + (isWhole ? "" : "." + fraction)
  }
}
