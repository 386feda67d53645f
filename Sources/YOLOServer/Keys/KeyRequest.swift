import YOLOSystem

#if Server

/// What may be asked of a new key.
enum KeyRequest {
  /// The maximum length of the name of a key or a model, in characters.
  static let maximumNameLength = 200
  /// The maximum number of models that a key may be held to.
  static let maximumModels = 1000

  /// Throws ``KeyStoreError`` if a name is empty, too long or has control characters, or if there are
  /// too many models.
  static func check(name: String, models: Set<String>?) throws(KeyStoreError) {
    try check("the name of a key", name)
    guard let models else { return }
    guard (1...maximumModels).contains(models.count) else {
      throw .invalid(
        what: "the number of models", given: "\(models.count)", expected: "1 to \(maximumModels)")
    }
    for model in models.sorted() { try check("the name of a model", model) }
  }

  private static func check(_ what: String, _ name: String) throws(KeyStoreError) {
    let hasControls = name.unicodeScalars.contains {
      $0.properties.generalCategory == .control
    }
    guard (1...maximumNameLength).contains(name.count), !hasControls else {
      throw .invalid(
        what: what, given: name.excerpt(),
        expected: "1 to \(maximumNameLength) characters without control characters")
    }
  }
}
#endif
