#if Server
import Foundation
import Testing

/// `yolo accounts`, `yolo credits`, and `yolo keys` of a platform as their user runs them.
@Suite struct AccountsTests {
  private func yolo(_ arguments: [String], _ data: URL) throws -> Program.Outcome {
    try Program.yolo(arguments + ["--data", data.path])
  }

  @Test func accountsAreCreatedListedChangedAndDeleted() throws {
    try Program.withDirectory { directory in
      let data = directory.appending(path: "new/data")
      let made = try yolo(["accounts", "create", "alice", "--plan", "pro"], data)
      #expect(made.status == 0, "\(made.errors)")
      #expect(made.output.wholeMatch(of: /ul_[0-9a-f]{40}\n/) != nil)
      #expect(made.errors.contains("alice") && !made.errors.contains("ul_"))
      let key = try yolo(
        ["keys", "create", "--name", "camera", "--account", "alice", "--scopes", "read,training"],
        data)
      #expect(key.status == 0 && key.output.hasPrefix("ul_"), "\(key.errors)")
      let list = try yolo(["keys", "list", "--format", "json"], data)
      let keys = try #require(
        JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
      #expect(keys.map { $0["name"] as? String } == ["first", "camera"])
      #expect(keys[1]["scopes"] as? [String] == ["training", "read"])
      #expect(!list.output.contains(key.output.prefix(20)))
      let id = try #require(keys[1]["id"] as? String)
      #expect(try yolo(["keys", "revoke", id], data).status == 0)
      #expect(try yolo(["keys", "revoke", id], data).status == 64)
      #expect(try yolo(["keys", "list"], data).output.split(separator: "\n").count == 3)

      let plan = try yolo(
        ["accounts", "plan", "alice", "enterprise", "--per-minute", "7"], data)
      #expect(plan.status == 0 && plan.errors.contains("7 calls a minute"))
      let credit = try yolo(["credits", "add", "alice", "25"], data)
      #expect(credit.status == 0 && credit.errors.contains("25000000 in credit"))
      let accounts = try yolo(["accounts", "list", "--format", "json"], data)
      #expect(accounts.output.contains(#""username":"alice""#), "\(accounts.errors)")
      #expect(accounts.output.contains(#""callsPerMinute":7"#))
      #expect(try yolo(["accounts", "delete", "alice"], data).status == 0)
      #expect(try yolo(["accounts", "list"], data).output.split(separator: "\n").count == 1)
    }
  }

  @Test func mistakesAreExplained() throws {
    try Program.withDirectory { directory in
      let data = directory.appending(path: "data")
      let missing = directory.appending(path: "missing")
      #expect(try yolo(["accounts", "create", "alice"], data).status == 0)
      let cases: [([String], URL, Int32, [String])] = [
        (["accounts", "list"], missing, 66, [missing.path, "accounts create"]),
        (["keys", "list"], missing, 66, [missing.path]),
        (["accounts", "create", "alice"], data, 64, ["alice"]),
        (["accounts", "create", "Al"], data, 64, ["Al", "4 to 32"]),
        (["accounts", "create", "bobby", "--plan", "gold"], data, 64, ["gold", "enterprise"]),
        (["accounts", "plan", "nobody", "pro"], data, 64, ["nobody"]),
        (["accounts", "plan", "alice", "pro", "--per-day", "0"], data, 64, ["per-day", "0"]),
        (["accounts", "delete", "nobody"], data, 64, ["nobody"]),
        (["credits", "add", "alice", "much"], data, 64, ["much"]),
        (["credits", "add", "alice", "0"], data, 64, ["0"]),
        (["credits", "add", "nobody", "1"], data, 64, ["nobody"]),
        (["keys", "create", "--name", "a"], data, 64, ["--account"]),
        (["keys", "create", "--name", "a", "--account", "nobody"], data, 64, ["nobody"]),
        (
          ["keys", "create", "--name", "a", "--account", "alice", "--scopes", "root"], data, 64,
          ["root", "training"]
        ),
        (["keys", "create", "--name", "a", "--models", "m"], data, 64, ["--models"]),
        (["keys", "list", "--database", "x"], data, 64, ["--database", "--data"]),
        (["keys", "revoke", "key_0"], data, 64, ["key_0"]),
        (["accounts", "create", "carol"], URL(filePath: "/proc/x"), 73, ["/proc/x"]),
      ]
      for (arguments, data, status, words) in cases {
        let outcome = try yolo(arguments, data)
        #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
        #expect(outcome.output.isEmpty)
        for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
      }
      let alone = try Program.yolo(["keys", "create", "--name", "a", "--scopes", "read"])
      #expect(alone.status == 64 && alone.errors.contains("--data"))
      #expect(try Program.yolo(["accounts", "list"]).status == 64)
    }
  }
}
#endif
