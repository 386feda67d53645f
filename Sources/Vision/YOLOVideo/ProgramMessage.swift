/// The beginning of what a program writes.
struct ProgramMessage: Sendable {
  private let limit: Int
  private var bytes: [UInt8] = []

  /// Creates a message of at most so many bytes.
  init(limit: Int = 4096) { self.limit = limit }

  /// The bytes as text.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Adds bytes, up to a limit.
  mutating func append(_ more: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: more.prefix(limit - bytes.count))
  }

  /// The first line without control characters and addresses, at most 200 characters; nil if none.
  var firstLine: String? {
    let lines = text.split(whereSeparator: \.isNewline)
    guard var line = lines.first.map({ String($0) }) else { return nil }
    // "[mov,mp4 @ 0x55d0c0ffee00] moov atom not found": the address tells nothing.
    if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
      line = String(line[end...].dropFirst().drop { $0 == " " })
    }
    var text = String.UnicodeScalarView()
    for scalar in line.unicodeScalars.prefix(200) {
      let category = scalar.properties.generalCategory
      text.append(category == .control || category == .format ? "\u{FFFD}" : scalar)
    }
    return String(text)
  }
}
