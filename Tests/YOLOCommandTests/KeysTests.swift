#if Server
import Foundation
import Testing

/// `yolo keys` as its user runs it.
@Suite struct KeysTests {
  private func keys(_ arguments: [String], _ database: URL) throws -> Program.Outcome {
    try Program.yolo(["keys"] + arguments + ["--database", database.path])
  }

  @Test func aKeyIsMadeListedAndRevoked() throws {
    try Program.withDirectory { directory in
      let database = directory.appending(path: "new/keys.sqlite")
      let made = try keys(["create", "--name", "camera", "--models", "b,a"], database)
      #expect(made.status == 0, "\(made.errors)")
      #expect(made.output.wholeMatch(of: /ul_[0-9a-f]{40}\n/) != nil)
      #expect(made.errors.contains(database.path) && !made.errors.contains("ul_"))
      _ = try keys(["create", "--name", "all"], database)
      let revoked = try keys(["revoke", "1"], database)
      #expect(revoked.status == 0 && revoked.output.isEmpty && revoked.errors.contains("camera"))

      let list = try keys(["list", "--format", "json"], database)
      let records = try #require(
        JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
      #expect(records.map { $0["name"] as? String } == ["camera", "all"])
      #expect(records[0]["models"] as? [String] == ["a", "b"] && records[1]["models"] is NSNull)
      #expect(records[0]["revoked"] is String && records[1]["revoked"] is NSNull)
      let text = try keys(["list"], database)
      #expect(text.output.split(separator: "\n").count == 3 && text.output.contains("a,b"))
      #expect(!(text.output + list.output).contains("ul_"))
    }
  }

  @Test func mistakesAreExplained() throws {
    try Program.withDirectory { directory in
      let database = directory.appending(path: "keys.sqlite")
      let damaged = directory.appending(path: "damaged.sqlite")
      try Data(String(repeating: "x", count: 5000).utf8).write(to: damaged)
      let cases: [([String], URL, Int32, [String])] = [
        (["list"], database, 66, [database.path]),
        (["revoke", "1"], database, 66, [database.path]),
        (["create", "--name", ""], database, 64, ["name"]),
        (["create"], database, 64, ["name"]),
        (["create", "--name", "a", "--models", "a,,b"], database, 64, ["model"]),
        (["revoke", "many"], database, 64, ["many"]),
        (["revoke", "7"], database, 64, ["7", database.path]),
        (["list", "--format", "xml"], database, 64, ["xml"]),
        (["list"], damaged, 65, [damaged.path]),
        (["create", "--name", "a"], URL(filePath: "/proc/x/keys"), 73, ["/proc/x"]),
      ]
      for (arguments, database, status, words) in cases {
        let outcome = try keys(arguments, database)
        #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
        #expect(outcome.output.isEmpty)
        for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
      }
    }
  }
}
#endif
