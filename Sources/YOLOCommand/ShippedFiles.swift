import ArgumentParser

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The weights and pictures of the folder `Weights/`, which are the defaults of options.
enum ShippedFiles {
  static let modelName = "shapes-detect.pt"
  static let pictureName = "shapes.jpg"

  /// Returns the path of the model that is run where none is given.
  static func modelPath() throws(ValidationError) -> String {
    guard let path = path(of: modelName) else {
      throw ValidationError("give --model: the shipped \(modelName) is not beside this program")
    }
    return path
  }

  /// Returns the path of the picture that is taken where none is given.
  static func picturePath() throws(ValidationError) -> String {
    guard let path = path(of: pictureName) else {
      throw ValidationError("give --source: the shipped \(pictureName) is not beside this program")
    }
    return path
  }

  /// Returns the path of a shipped file: in the folder that `YOLO_WEIGHTS` names, or in the folder
  /// `Weights` beside this program or above it; nil if there is none.
  static func path(of name: String) -> String? {
    if let folder = getenv("YOLO_WEIGHTS") {
      let path = String(cString: folder) + "/" + name
      return access(path, R_OK) == 0 ? path : nil
    }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return nil }
    var folder = String(
      decoding: buffer[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)[...]
    while let slash = folder.lastIndex(of: "/") {
      folder = folder[..<slash]
      let path = "\(folder)/Weights/\(name)"
      if access(path, R_OK) == 0 { return path }
    }
    return nil
  }
}
