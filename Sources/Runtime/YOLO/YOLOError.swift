/// Why something could not be done; the one error type of this module.
public struct YOLOError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of an error.
  ///
  /// Kinds may be added, so a `switch` needs a `default`.
  public struct Code: RawRepresentable, Sendable, Hashable {
    /// The kind as text.
    public let rawValue: String

    /// Creates a kind.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A file that cannot be opened: missing, a directory, not permitted.
    public static let unreadable = Code(rawValue: "unreadable")
    /// A file that cannot be written.
    public static let unwritable = Code(rawValue: "unwritable")
    /// A checkpoint that is damaged, hostile or of another format.
    public static let checkpoint = Code(rawValue: "checkpoint")
    /// A sound checkpoint of a model that cannot be run: unknown modules, modules that do not fit.
    public static let model = Code(rawValue: "model")
    /// An option out of its range, or not available on this machine or in this build.
    public static let option = Code(rawValue: "option")
    /// An image of other channels than the model takes.
    public static let channels = Code(rawValue: "channels")
    /// An input that would need more memory than is allowed.
    public static let tooLarge = Code(rawValue: "too-large")
  }

  /// The kind.
  public let code: Code
  /// One sentence for a person: what is wrong, where, and what was expected.
  public let message: String

  /// Creates an error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
