#if Server
import YOLOServerOptions
import Foundation
import Testing
import YOLOServer

/// Settings: where they come from, and which source wins.
@Suite struct SettingsTests {
  private func read(
    _ flags: [String: String] = [:], environment: [String: String] = [:]
  ) throws(SettingsError) -> ServerSettings {
    try ServerSettings.read(flags: flags, environment: environment).settings
  }

  private func withFile(_ text: String, _ body: (String) throws -> Void) async throws {
    try await withKeyDirectory { directory in
      let path = directory.appending(path: "server.json").path
      try Data(text.utf8).write(to: URL(filePath: path))
      try body(path)
    }
  }

  @Test func withNothingGivenTheDefaultsHold() throws {
    let settings = try read(["models": "directory"], environment: ["HOME": "/home/a"])
    #expect(
      settings.models == "directory" && !settings.isDedicated && settings.limits == ServerLimits())
    #expect(settings.host == nil && settings.port == 8080 && settings.rateLimit == 100)
    #expect(!settings.isOpen && settings.preloads && settings.corsOrigin == nil)
    #expect(settings.threads == 0)
    #expect(settings.database == "/home/a/.local/share/yolo/keys.sqlite")
  }

  @Test func flagsWinOverTheEnvironmentAndThisOverTheFile() async throws {
    let file = #"""
      {"models": "of the file", "max-body": 3, "queue": 3, "port": 3, "no-auth": true,
       "host": "file.example", "preload": "false", "max-pixels": "7"}
      """#
    try await withFile(file) { path in
      let settings = try read(
        ["config": path, "max-body": "1"],
        environment: ["YOLO_MAX_BODY": "2", "YOLO_QUEUE": " 2 ", "YOLO_HOST": ""])
      #expect(settings.limits.bodyBytes == 1 << 20)
      #expect(settings.limits.queue == 2)
      #expect(settings.port == 3 && settings.models == "of the file" && settings.isOpen)
      #expect(settings.host == "file.example" && !settings.preloads)
      #expect(settings.limits.pixels == 7_000_000)
      // The variable names the file as well as the flag.
      let other = try read(environment: ["YOLO_CONFIG": path])
      #expect(other.limits.bodyBytes == 3 << 20)
      let flag = try read(["config": path], environment: ["YOLO_CONFIG": "/nowhere.json"])
      #expect(flag.limits.bodyBytes == 3 << 20)
    }
  }

  @Test func theFirstSourceChoosesBetweenADirectoryAndOneModel() throws {
    let dedicated = try read(["dedicated": "a.pt"], environment: ["YOLO_MODELS": "directory"])
    #expect(dedicated.isDedicated && dedicated.models == "a.pt")
    let directory = try read(["models": "directory"], environment: ["YOLO_DEDICATED": "a.pt"])
    #expect(!directory.isDedicated && directory.models == "directory")
    #expect(throws: SettingsError.noModels) { try read(["port": "1"]) }
    #expect(
      throws: SettingsError.conflict(source: .flags, first: "models", second: "dedicated")
    ) { try read(["models": "directory", "dedicated": "a.pt"]) }
  }

  @Test func oneModelHasNoLimitOfCallsUnlessOneIsGiven() throws {
    #expect(try read(["dedicated": "a.pt"]).rateLimit == 0)
    #expect(try read(["dedicated": "a.pt", "rate-limit": "5"]).rateLimit == 5)
    #expect(try read(["dedicated": "a.pt"], environment: ["YOLO_RATE_LIMIT": "6"]).rateLimit == 6)
  }

  @Test func theDatabaseIsWhereTheSystemKeepsData() {
    func path(_ environment: [String: String]) -> String {
      DatabaseLocation.path(environment: environment)
    }
    let all = ["YOLO_DATABASE": "/d/k", "XDG_DATA_HOME": "/x", "HOME": "/h"]
    #expect(path(all) == "/d/k")
    #expect(path(["XDG_DATA_HOME": "/x", "HOME": "/h"]) == "/x/yolo/keys.sqlite")
    #expect(
      path(["XDG_DATA_HOME": "relative", "HOME": "/h"]) == "/h/.local/share/yolo/keys.sqlite")
    #expect(path([:]) == "/var/lib/yolo/keys.sqlite")
  }

  @Test func otherVariablesAreWarnedAbout() throws {
    let (settings, warnings) = try ServerSettings.read(
      flags: ["models": "m"],
      environment: [
        "YOLO_MAX_BODIES": "1", "YOLO_PORT": "tcp://10.0.0.1:80", "YOLO_WEIGHTS": "w", "PATH": "p",
        "YOLO_PAYMENT_KEY": "k", "YOLO_PAYMENT_SECRET": "s",
      ])
    #expect(warnings.count == 2 && settings.port == 8080)
    #expect(warnings[0].contains("YOLO_MAX_BODIES") && warnings[1].contains("YOLO_PORT"))
  }

  /// Files that are not accepted, and words that the error must have.
  static let unfit: [(String, [String])] = [
    (#"{"max-bod": 1}"#, ["max-bod", "no option", "max-body"]),
    (#"{"max_body": 1}"#, ["max_body", "no option"]),
    (#"{"config": "other.json"}"#, ["config", "no option"]),
    (#"{"max-body": 0}"#, ["max-body", "1 to 65536", "0"]),
    (#"{"max-body": 1.5}"#, ["max-body", "1 to 65536", "1.5"]),
    (#"{"max-body": [1]}"#, ["max-body", "1 to 65536"]),
    (#"{"max-body": null}"#, ["max-body", "1 to 65536"]),
    (#"{"max-body": true}"#, ["max-body", "true"]),
    (#"{"no-auth": 2}"#, ["no-auth", "true or false", "2"]),
    (#"{"max-body": {"max": 1}}"#, ["max-body"]),
    (#"{"port": 1, "port": 2}"#, ["object of JSON"]),
    (#"[1]"#, ["object of JSON"]), ("", ["object of JSON"]), ("{", ["object of JSON"]),
  ]

  @Test(arguments: unfit) func unfitFilesAreExplained(text: String, words: [String]) async throws {
    try await withFile(text) { path in
      let error = #expect(throws: SettingsError.self) {
        try read(["models": "m", "config": path])
      }
      for word in [path] + words {
        #expect(String(describing: error).contains(word), "\(String(describing: error))")
      }
    }
  }

  @Test(arguments: ["/nowhere.json", "/dev/zero", "/tmp"])
  func filesThatCannotBeReadAreExplained(path: String) {
    let error = #expect(throws: SettingsError.self) {
      try read(["models": "m"], environment: ["YOLO_CONFIG": path])
    }
    #expect(String(describing: error).contains(path), "\(String(describing: error))")
  }

  @Test func uploadsMustHoldAImage() throws {
    let error = #expect(throws: SettingsError.self) {
      try read(["models": "m", "max-uploads": "8", "max-image": "9"])
    }
    #expect(
      String(describing: error).contains("max-uploads") && String(describing: error).contains("9"))
    #expect(try read(["models": "m", "max-uploads": "8", "max-image": "8"]).port == 8080)
  }
}
#endif
