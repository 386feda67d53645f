#if Server
/// One series: a family's name with one set of labels.
protocol PrometheusSeries: AnyObject, Sendable {
  /// The lines of its samples.
  ///
  /// - Parameters:
  ///   - name: The family's name.
  ///   - labels: The labels as they stand between the braces.
  /// - Returns: A line each, without its end.
  func samples(_ name: String, _ labels: String) -> [String]
}
#endif
