import ArgumentParser
import YOLOSystem

/// The weights and images of the directory `Weights/`, which are the defaults of options.
enum ShippedFiles {
  static let modelName = "shapes-detect.pt"
  static let imageName = "shapes.jpg"

  /// Returns the path of the model that is run where none is given.
  static func modelPath() throws(ValidationError) -> String {
    guard let path = path(of: modelName) else {
      throw ValidationError("give --model: the shipped \(modelName) is not beside this program")
    }
    return path
  }

  /// Returns the path of the image that is taken where none is given.
  static func imagePath() throws(ValidationError) -> String {
    guard let path = path(of: imageName) else {
      throw ValidationError("give --source: the shipped \(imageName) is not beside this program")
    }
    return path
  }

  /// Returns the path of a shipped file: in the directory that `YOLO_WEIGHTS` names, or in the
  /// directory `Weights` beside this program or above it; nil if there is none.
  static func path(of name: String) -> String? {
    if let directory = getenv("YOLO_WEIGHTS") {
      let path = PathText.text(of: directory) + "/" + name
      return access(path.pathCharacters, R_OK) == 0 ? path : nil
    }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return nil }
    var directory = PathText.text(of: buffer[0..<count].map { UInt8(bitPattern: $0) })[...]
    while let slash = directory.lastIndex(of: "/") {
      directory = directory[..<slash]
      let path = "\(directory)/Weights/\(name)"
      if access(path.pathCharacters, R_OK) == 0 { return path }
    }
    return nil
  }
}
