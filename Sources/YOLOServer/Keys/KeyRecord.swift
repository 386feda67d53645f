#if Server
/// What is known about a key; never the key itself.
package struct KeyRecord: Sendable, Hashable, Identifiable {
  /// The number by which a key is revoked.
  package let id: Int
  /// What its maker called it.
  package let name: String
  /// The models that it may use, or nil for all.
  package let models: Set<String>?
  /// When it was made, in seconds since 1970.
  package let created: Int
  /// When it was last used, in seconds since 1970 and to a day; nil if never.
  package let lastUsed: Int?
  /// When it was revoked, in seconds since 1970; nil if it is active.
  package let revoked: Int?

  /// Whether the key may use a model.
  package func allows(model: String) -> Bool { models?.contains(model) ?? true }
}
#endif
