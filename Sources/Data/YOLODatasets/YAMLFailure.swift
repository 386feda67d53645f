/// Where and why a text is not read as YAML.
package struct YAMLFailure: Error {
  /// The line, counted from 1.
  package let line: Int
  /// What is wrong, as the end of a sentence.
  package let reason: String
}
