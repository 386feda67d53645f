/// What makes a `--source` unusable as a whole.
enum SourceError: Error, CustomStringConvertible {
  case missing(path: String, reason: String)
  case noImages(directory: String, suffixes: [String])

  var isMissing: Bool {
    switch self {
    case .missing: true
    case .noImages: false
    }
  }

  var description: String {
    switch self {
    case .missing(let path, let reason): "\(path): cannot be read: \(reason)"
    case .noImages(let directory, let suffixes):
      "\(directory): no images in this directory; looked for files that end in "
        + suffixes.map { ".\($0)" }.joined(separator: ", ")
    }
  }
}
