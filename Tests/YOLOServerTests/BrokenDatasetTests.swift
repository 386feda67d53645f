#if Server
import Foundation
import GRDB
import JSONText
import Testing
import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOServer
import YOLOTestSupport

/// A hundred broken datasets: each is named by file, line and reason, by `yolo check` and by the
/// platform, and nothing else comes of it.
@Suite struct BrokenDatasetTests {
  private static func all() throws -> [BrokenDataset] {
    try BrokenDataset.labelSets() + BrokenDataset.descriptionSets() + BrokenDataset.imageSets()
      + BrokenDataset.archiveSets()
  }

  /// Returns what is missing or too much of what was reported.
  private static func problems(
    _ expected: [BrokenDataset.Fault], _ found: [BrokenDataset.Fault]
  ) -> [String] {
    let missing = expected.filter { fault in
      !found.contains {
        $0.severity == fault.severity && $0.kind == fault.kind && $0.file == fault.file
          && $0.line == fault.line && (fault.text.isEmpty || $0.text.contains(fault.text))
      }
    }
    let errors = found.filter { $0.severity == "error" }
    let count = expected.count { $0.severity == "error" }
    return missing.map { "missing: \($0)" }
      + (errors.count == count ? [] : ["\(errors.count) errors instead of \(count)"])
  }

  @Test func thereAreAHundred() throws {
    let names = try Self.all().map(\.name)
    #expect(names.count > 100)
    #expect(Set(names).count == names.count)
  }

  @Test(arguments: try Self.all()) func isNamedByTheCheck(_ set: BrokenDataset) throws {
    if case .none = set.check { return }
    let directory = try TemporaryDirectory()
    for (path, bytes) in set.files { try directory.write(bytes, to: path) }
    let result: Result<DatasetCheck, DatasetError>
    do throws(DatasetError) {
      result = .success(
        try DatasetCheck(
          path: directory.path, task: set.task,
          size: { bytes, path in try ImageReader.decode(bytes, named: path).size }))
    } catch {
      result = .failure(error)
    }
    switch (result, set.check) {
    case (.success(let check), .faults(let expected)):
      let found = check.faults.map { fault in
        BrokenDataset.Fault(
          severity: fault.severity.rawValue, kind: fault.kind.rawValue,
          file: String(fault.path.dropFirst(directory.path.count + 1)), line: fault.line,
          text: fault.message)
      }
      let problems = Self.problems(expected, found)
      #expect(problems.isEmpty, "\(set.name): \(problems), said: \(found.map(\.text))")
      for fault in check.faults { #expect(fault.message.hasPrefix(fault.path)) }
    case (.failure(let error), .refused(let reason)):
      #expect("\(error)".contains(reason), "\(set.name): \(error)")
      #expect("\(error)".contains(directory.path), "\(error)")
    default: Issue.record("\(set.name): \(result)")
    }
  }

  @Test func isNamedByThePlatform() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let database = try DatabaseQueue(path: accounts.database.path)
      try await database.write {
        try $0.execute(sql: "UPDATE account SET callsPerMinute = 1000000, callsPerDay = 1000000")
      }
      var images = 0
      for (number, set) in try Self.all().enumerated() {
        if case .none = set.ingest { continue }
        let slug = "set-\(number)"
        let id = try await DatasetTests.create(
          slug, more: set.files["data.yaml"] == nil ? "" : #","task":"\#(set.task)""#, client,
          key: key)
        let entries =
          set.files.sorted { $0.key < $1.key }.map { DatasetTests.entry($0.key, $0.value) }
          + set.entries
        let detail = try await DatasetTests.ingest(
          try set.upload?.bytes ?? DatasetTests.archive(entries, set.format),
          named: set.upload?.name ?? "set.zip", into: slug, id: id, client, key: key)
        let count = detail["dataset"]?["imageCount"]?.int ?? -1
        images += max(0, count)
        if let expected = set.images { #expect(count == expected, "\(set.name): \(detail)") }
        let found = (detail["ingest"]?["faults"]?.elements ?? []).map { fault in
          BrokenDataset.Fault(
            severity: fault["severity"]?.string ?? "", kind: fault["kind"]?.string ?? "",
            file: fault["file"]?.string ?? "", line: fault["line"]?.int,
            text: fault["message"]?.string ?? "")
        }
        let failure = detail["dataset"]?["processingError"]?["message"]?.string
        switch set.ingest {
        case .none: break
        case .refused(let reason):
          #expect(failure?.contains(reason) == true, "\(set.name): \(failure ?? "\(found)")")
          #expect(detail["dataset"]?["status"]?.string == "failed", "\(set.name)")
        case .faults(let expected):
          #expect(failure == nil, "\(set.name)")
          let problems = Self.problems(expected, found)
          #expect(problems.isEmpty, "\(set.name): \(problems), said: \(found.map(\.text))")
        }
        // No path of the server is told.
        let text = JSONWriter.text(detail)
        #expect(!text.contains(accounts.database.directory), "\(set.name): \(text)")
      }
      // All that was taken is there, and nothing else is left in the store.
      let stored = try await database.read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM reference WHERE kind = 'images'")
      }
      #expect(stored == images)
      let others = try await database.read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM reference WHERE kind <> 'images'")
      }
      #expect(others == 0)
    }
  }

  /// A turned image has the size that people see.
  @Test func aTurnedImageHasItsSizeTurned() async throws {
    let set = try #require(
      try BrokenDataset.imageSets().first { $0.name == "a turned image" })
    try await PlatformClient.serving { client, key, _ in
      let id = try await DatasetTests.create("shapes", client, key: key)
      try await DatasetTests.ingest(
        try DatasetTests.archive(
          set.files.sorted { $0.key < $1.key }.map { DatasetTests.entry($0.key, $0.value) }),
        into: "shapes", id: id, client, key: key)
      let list = await client.check(
        200, "GET", "/api/datasets/alice/shapes/images?search=3.jpg", key: key)
      let image = list["images"]?.elements?.first
      #expect(image?["width"]?.int == 12 && image?["height"]?.int == 16, "\(list)")
    }
  }
}
#endif
