/// Where and why a text is not read as YAML.
struct YAMLFailure: Error {
  /// The line, counted from 1.
  let line: Int
  /// What is wrong, as the end of a sentence.
  let reason: String
}
