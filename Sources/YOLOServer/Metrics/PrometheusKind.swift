#if Server
/// The types of a family in the text format.
package enum PrometheusKind: String, Sendable {
  case counter
  case gauge
  case histogram

  /// What a family's samples append to its name.
  var suffixes: [String] {
    self == .histogram ? ["", "_bucket", "_sum", "_count"] : [""]
  }
}
#endif
