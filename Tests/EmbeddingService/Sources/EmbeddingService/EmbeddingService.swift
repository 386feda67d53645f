import Glibc
import YOLO
import YOLOImageIO

/// Predicts images as they are named on standard input, a line of JSON each: what a service does
/// that embeds the runtime.
///
///     embedding-service MODEL < names        images: files, or raw:WIDTHxHEIGHT:FORMAT:STRIDE:FILE
///
/// Several images are worked on at once; the answers keep the order of the names. An image that
/// cannot be read is reported on standard error and does not keep the others from being answered.
@main
enum EmbeddingService {
  static func main() async {
    guard CommandLine.arguments.count == 2 else { fail("usage: EmbeddingService MODEL < names") }
    let model: Model
    do {
      model = try Model(path: CommandLine.arguments[1])
    } catch {
      fail("\(error)")
    }
    let failures = await answer(with: model)
    exit(failures == 0 ? 0 : 1)
  }

  /// Answers each name of standard input, in order; returns how many could not be answered.
  ///
  /// A name is read when a result is asked for, so that a long list is never held as a whole;
  /// reading and decoding an image blocks, and so happens where the prediction does.
  private static func answer(with model: Model) async -> Int {
    var failures = 0
    let names = sequence(state: ()) { _ in readLine() }.lazy.filter { !$0.isEmpty }
    let sources = names.map { name in ImageSource(name) { try image(name) } }
    for await (name, result) in model.predictions(of: sources) {
      switch result {
      case .success(let results): write(results.jsonLine(), to: 1)
      case .failure(let error):
        failures += 1
        write(Array("\(name): \(error)\n".utf8), to: 2)
      }
    }
    return failures
  }

  /// Reads an image: a file, or raw bytes in a file.
  private static func image(_ name: String) throws -> Image {
    let parts = name.split(separator: ":", maxSplits: 4).map { String($0) }
    guard parts.count == 5, parts[0] == "raw" else {
      return try ImageReader.read(contentsOf: name)
    }
    let sides = parts[1].split(separator: "x").compactMap { Int($0) }
    guard sides.count == 2, let format = PixelFormat(rawValue: parts[2]),
      let rowStride = Int(parts[3])
    else { throw NameError(name: name) }
    let bytes = try BoundedInput.read(path: parts[4], maximumBytes: 1 << 28)
    return try Image(
      bytes: bytes, size: Size(width: sides[0], height: sides[1]), format: format,
      rowStride: rowStride)
  }

  /// A name that begins like that of raw bytes and does not go on so.
  private struct NameError: Error, CustomStringConvertible {
    let name: String
    var description: String {
      "expected raw:WIDTHxHEIGHT:FORMAT:STRIDE:FILE, the format one of "
        + PixelFormat.allCases.map(\.rawValue).joined(separator: ", ")
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { exit(70) }
      rest = rest.dropFirst(count)
    }
  }

  private static func fail(_ message: String) -> Never {
    write(Array("error: \(message)\n".utf8), to: 2)
    exit(64)
  }
}
