import YOLOGraph
import YOLOKernels

extension ServerOption {
  /// The directory of models.
  package static let directory = TextOption(
    name: "models", valueName: "dir", expected: "a directory", defaultText: "none",
    help: "Directory of .pt and .safetensors models to serve"
  ) { !$0.isEmpty }

  /// The one model of the dedicated mode.
  package static let dedicated = TextOption(
    name: "dedicated", valueName: "file", expected: "a file", defaultText: "none",
    help: "Serve this model alone, its name not asked for, and without a limit of calls an hour"
  ) { !$0.isEmpty }

  /// The configuration file.
  package static let configuration = TextOption(
    name: "config", valueName: "file", expected: "a file", defaultText: "none",
    help: "JSON file of an object with these options as keys, such as {\"max-body\": 20}"
  ) { !$0.isEmpty }

  /// The host to listen on.
  package static let host = TextOption(
    name: "host", valueName: "host", expected: "a host name or an address",
    defaultText: "0.0.0.0 with keys or without authentication, else 127.0.0.1",
    help: "Host name or address to listen on"
  ) { text in
    (1...255).contains(text.utf8.count)
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
  }

  /// The database of keys.
  package static let database = TextOption(
    name: "database", valueName: "file", expected: "a file",
    defaultText: "$XDG_DATA_HOME/yolo/keys.sqlite, else ~/.local/share/yolo/keys.sqlite",
    help: "SQLite file of keys and of their calls, which servers on one machine may share"
  ) { !$0.isEmpty }

  /// The origin that browsers may call from.
  package static let corsOrigin = TextOption(
    name: "cors_origin", valueName: "origin",
    expected: "* or an origin such as https://example.org", defaultText: "none",
    help: "Origin whose pages may call this server from a browser; * for any"
  ) { text in
    if text == "*" { return true }
    guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
    let host = text.dropFirst(scheme.count)
    return !host.isEmpty
      && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#@*\",;\\".utf8.contains($0) }
  }

  /// The kernels.
  package static let backend = TextOption(
    name: "backend", valueName: "backend", expected: names(Backend.available),
    defaultText: Backend.native.rawValue, help: "Kernels that compute"
  ) { text in Backend.available.contains { $0.rawValue == text } }

  /// The instruction set of the native kernels.
  package static let instructionSet = TextOption(
    name: "isa", valueName: "isa",
    expected: "one that this machine has of \(names(InstructionSet.allCases))",
    defaultText: "the strongest of this machine", help: "Instruction set of the native kernels"
  ) { text in InstructionSet.available.contains { $0.rawValue == text } }

  private static func names(_ values: [some RawRepresentable<String>]) -> String {
    values.map(\.rawValue).joined(separator: ", ")
  }
}
