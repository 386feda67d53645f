#if Server
import Foundation

/// The first file of a backup: what else is in it.
struct BackupManifest: Codable, Sendable, Equatable {
  /// The format that this version writes, and the newest that it reads.
  static let currentFormat = 1
  static let name = "manifest.json"
  static let maximumBytes = 16 << 20

  struct Database: Codable, Sendable, Equatable {
    let bytes: Int
    let sha256: String
  }

  struct Objects: Codable, Sendable, Equatable {
    let count: Int
    let bytes: Int
  }

  /// A file of the directory of models.
  struct Model: Codable, Sendable, Equatable {
    let name: String
    let bytes: Int
  }

  let format: Int
  let createdBy: String
  let createdAt: String
  let database: Database
  let objects: Objects
  let models: [Model]

  /// The manifest as JSON.
  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array(try encoder.encode(self))
  }

  /// Reads a manifest.
  ///
  /// - Throws: ``BackupError`` for one that is none, or of a newer format.
  init(_ bytes: [UInt8], archive: String) throws(BackupError) {
    struct Format: Decodable { let format: Int }
    let decoder = JSONDecoder()
    guard let format = try? decoder.decode(Format.self, from: Data(bytes)).format else {
      throw .damaged(archive: archive, reason: "its manifest is none")
    }
    guard format <= Self.currentFormat else { throw .newer(archive: archive, format: format) }
    guard let manifest = try? decoder.decode(BackupManifest.self, from: Data(bytes)),
      manifest.database.bytes >= 0, manifest.objects.count >= 0,
      manifest.models.allSatisfy({ Self.isFileName($0.name) && $0.bytes >= 0 }),
      Set(manifest.models.map(\.name)).count == manifest.models.count
    else { throw .damaged(archive: archive, reason: "its manifest is damaged") }
    self = manifest
  }

  init(database: Database, objects: Objects, models: [Model], version: String, time: Int) {
    format = Self.currentFormat
    createdBy = "yolo \(version)"
    createdAt = Timestamp(time).text
    self.database = database
    self.objects = objects
    self.models = models
  }

  /// Whether a text can be the name of a file of the directory of models, and of an archive.
  static func isFileName(_ text: String) -> Bool {
    (1...TarBlock.maximumName).contains(text.utf8.count) && !text.hasPrefix(".")
      && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
  }
}
#endif
