#if Server
import YOLOCryptography
import YOLOSystem

/// The SHA-256 of the bytes of an object, which is its name in the store.
package struct ObjectDigest: Sendable, Hashable, CustomStringConvertible {
  /// The digest as 64 lower-case hexadecimal digits.
  package let description: String

  /// Reads 64 hexadecimal digits; nil for anything else.
  package init?(_ text: String) {
    let text = text.lowercased()
    guard text.utf8.count == 2 * SHA256.byteCount, text.utf8.allSatisfy(\.isHexadecimalDigit)
    else { return nil }
    description = text
  }

  /// Creates a digest from its bytes.
  init(bytes: [UInt8]) { description = bytes.hexadecimal }

  /// The directory of the object, below that of all objects.
  var shard: String { String(description.prefix(2)) }
}

/// An object of the store.
package struct StoredObject: Sendable, Hashable {
  /// What it is called.
  package let digest: ObjectDigest
  /// Its size.
  package let bytes: Int
}

/// What references to objects belong to, which is also the first segment of their addresses.
package enum ObjectKind: String, Sendable, Hashable, CaseIterable {
  /// Archives, lists and other files of a dataset.
  case datasets
  /// An image of a dataset.
  case images
  /// Weights, plots and other files of a model.
  case models
  /// A file that was made from something of the account.
  case exports
  /// What has been uploaded and belongs to nothing yet.
  case uploads
}

/// Who needs an object: a file of a resource.
///
/// An object is kept as long as there is a reference to it. There is one object at a reference.
package struct ObjectReference: Sendable, Hashable, CustomStringConvertible {
  /// The kind of the resource.
  package let kind: ObjectKind
  /// The identifier of the resource.
  package let owner: String
  /// The name of the file among those of the resource, which its address ends in.
  package let name: String

  /// Creates a reference.
  ///
  /// - Throws: `PlatformError.invalid` for an owner or a name that an address cannot have as it is,
  ///   see ``ObjectName``.
  package init(_ kind: ObjectKind, owner: String, name: String) throws(PlatformError) {
    for (argument, text) in [("owner", owner), ("name", name)] where !ObjectName.isPlain(text) {
      throw .invalid(argument: argument, given: text.excerpt(), expected: ObjectName.expected)
    }
    self.kind = kind
    self.owner = owner
    self.name = name
  }

  package var description: String { "\(kind.rawValue)/\(owner)/\(name)" }
}

/// Names of files in addresses: letters, digits, `.`, `_` and `-` of ASCII, the first one no dot.
package enum ObjectName {
  static let maximumLength = 200

  static var expected: String {
    "1 to \(maximumLength) of the characters A-Z a-z 0-9 . _ -, the first one no dot"
  }

  /// Whether a text is such a name.
  package static func isPlain(_ text: String) -> Bool {
    (1...maximumLength).contains(text.utf8.count) && !text.hasPrefix(".")
      && text.utf8.allSatisfy(isPlain)
  }

  /// Returns a name that is like a label, such as the name of a file on another machine.
  ///
  /// Directories are left out, what no name can have becomes `-`, and the end is kept.
  package static func plain(_ label: String) -> String {
    let last = label.split { $0 == "/" || $0 == "\\" }.last ?? ""
    let bytes = last.unicodeScalars.map { scalar in
      scalar.isASCII && isPlain(UInt8(scalar.value)) ? UInt8(scalar.value) : UInt8(ascii: "-")
    }
    let text = String(decoding: bytes.suffix(maximumLength).drop { $0 == 0x2E }, as: UTF8.self)
    return text.isEmpty ? "file" : text
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension [UInt8] {
  /// Reads hexadecimal digits, two a byte; nil for anything else.
  init?(hexadecimal text: String) {
    let digits = text.utf8.map { $0.hexadecimalValue }
    guard digits.count.isMultiple(of: 2) else { return nil }
    self = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      append(high << 4 | low)
    }
  }
}

extension UInt8 {
  fileprivate var isHexadecimalDigit: Bool { hexadecimalValue != nil }

  fileprivate var hexadecimalValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// Why objects cannot be written or read.
package enum StorageError: Error, Sendable, Hashable {
  /// The disk, or what the user may have of it, is full.
  case diskFull(path: String)
  /// A file or directory of the store cannot be written or read.
  case inaccessible(path: String, reason: String)
  /// The file of an object is not there, or of another size than it was stored with.
  case damaged(path: String, expectedBytes: Int, foundBytes: Int?)
  /// There is nothing at a reference, or no such object.
  case unknown(String)

  /// What the last failed system call means.
  init(lastErrorAt path: String) { self.init(errno, at: path) }

  /// What the number of an error of the system means.
  init(_ number: Int32, at path: String) {
    switch number {
    // EFBIG: the limit of the process, RLIMIT_FSIZE.
    case ENOSPC, EDQUOT, EFBIG: self = .diskFull(path: path)
    default: self = .inaccessible(path: path, reason: SystemMessage.text(of: number))
    }
  }
}

extension StorageError: CustomStringConvertible {
  /// A sentence that names what and where.
  package var description: String {
    switch self {
    case .diskFull(let path): "\(path): there is no room on the disk"
    case .inaccessible(let path, let reason): "\(path): \(reason)"
    case .damaged(let path, let expected, nil):
      "\(path): the object of \(expected) bytes is missing"
    case .damaged(let path, let expected, let found?):
      "\(path): the object has \(found) bytes, but was stored with \(expected)"
    case .unknown(let what): "there is no \(what)"
    }
  }
}
#endif
