/// Something that is wrong with a dataset, or that deserves a look.
public struct DatasetFault: Sendable, Hashable {
  /// What an error or a warning means for a training.
  public enum Severity: String, Sendable, Hashable {
    /// The set cannot be used, or Ultralytics leaves the image out as a whole.
    case error
    /// The set can be used, but hardly as it was meant.
    case warning
  }

  /// What is the matter.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The description, a directory or a list cannot be read, or has another value than expected.
    case description
    /// A part that a training needs is not named.
    case missingSplit = "missing-split"
    /// An image cannot be decoded as a whole.
    case unreadableImage = "unreadable-image"
    /// An image is smaller than those that Ultralytics uses.
    case smallImage = "small-image"
    /// A row of a label file is not what the task needs.
    case invalidLabel = "invalid-label"
    /// Rows of a label file that are there before.
    case repeatedLabel = "repeated-label"
    /// An object without width or height.
    case emptyBox = "empty-box"
    /// A label file that belongs to no image.
    case labelWithoutImage = "label-without-image"
    /// Images that share one label file.
    case sharedLabel = "shared-label"
    /// A part of the set in which no image has labels.
    case unlabeledSplit = "unlabeled-split"
    /// A file among the images that is none.
    case otherFile = "other-file"
    /// An image that is in the set several times.
    case repeatedImage = "repeated-image"
    /// A class that no training image shows.
    case unusedClass = "unused-class"
    /// Classes of one name, or of none.
    case className = "class-name"
    /// Keypoints without the order that a mirrored image needs.
    case missingFlip = "missing-flip"
    /// An order for mirrored images that does not mirror.
    case flipOrder = "flip-order"
    /// Boxes and polygons in one set, of which Ultralytics uses the boxes alone.
    case mixedLabels = "mixed-labels"
    /// A keypoint with a visibility that is none.
    case visibility
    /// An oriented box with other than four corners.
    case cornerCount = "corner-count"
    /// A text that is not UTF-8.
    case encoding
  }

  /// What it means for a training.
  public let severity: Severity
  /// What is the matter.
  public let kind: Kind
  /// The file or directory.
  public let path: String
  /// The line in it, which counts from 1; nil where it is the file as a whole.
  public let line: Int?
  /// One sentence that begins with the path and says what was found and what was expected.
  public let message: String

  init(_ severity: Severity, _ kind: Kind, _ path: String, line: Int? = nil, _ message: String) {
    self.severity = severity
    self.kind = kind
    self.path = path
    self.line = line
    self.message = message
  }

  /// The fault of an error.
  init(_ error: DatasetError) {
    let kind: Kind =
      switch error {
      case .invalidLabel: .invalidLabel
      case .imageTooSmall: .smallImage
      case .missingSplit: .missingSplit
      case .unreadable, .tooLarge, .malformed, .missingKey, .invalidValue, .noImages,
        .invalidPrediction, .unsupportedTask, .unsupportedFormat:
        .description
      }
    self.init(.error, kind, error.path, line: error.line, "\(error)")
  }
}
