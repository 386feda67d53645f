/// What makes a `--source` unusable as a whole.
enum SourceError: Error, CustomStringConvertible {
  case missing(path: String, reason: String)
  case noPictures(directory: String, suffixes: [String])

  var isMissing: Bool {
    switch self {
    case .missing: true
    case .noPictures: false
    }
  }

  var description: String {
    switch self {
    case .missing(let path, let reason): "\(path): cannot be read: \(reason)"
    case .noPictures(let directory, let suffixes):
      "\(directory): no pictures in this directory; looked for files that end in "
        + suffixes.map { ".\($0)" }.joined(separator: ", ")
    }
  }
}
