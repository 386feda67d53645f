import YOLOGraph
import YOLOKernels
package import YOLOOptions

/// A row of the table of the server's options.
package typealias ServerSetting = Setting<ServerSettings>

/// The options that other options or commands refer to.
package enum ServerOption {
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

  /// The directory of a platform's data.
  package static let data = TextOption(
    name: "data", valueName: "dir", expected: "a directory", defaultText: "none",
    help: "Directory of a platform's accounts, keys and objects: serve the Platform API, too"
  ) { !$0.isEmpty }

  /// The commands that export models.
  package static let exporter = TextOption(
    name: "exporter", valueName: "format=command",
    expected: "a format and a command such as onnx=COMMAND", defaultText: "none",
    help: "Command of the shell that exports models in a format; may be given several times"
  ) { ExporterList($0) != nil }

  /// The names of options that may be given several times.
  package static let repeatable: Set<String> = [exporter.name]
  /// What joins their values: the values of options have no control characters, such as line feeds.
  package static let separator: Character = "\u{2028}"

  /// The database of keys.
  package static let database = TextOption(
    name: "database", valueName: "file", expected: "a file",
    defaultText: "$XDG_DATA_HOME/yolo/keys.sqlite, else ~/.local/share/yolo/keys.sqlite",
    help: "SQLite file of keys and of their calls, which servers on one machine may share"
  ) { !$0.isEmpty }
}

/// The options of what is served, where and to whom.
package enum ServiceTable: SettingsTable {
  /// The options in the order of help and documentation.
  package static let settings: [ServerSetting] = [
    Setting(ServerOption.directory) {
      $1.models = $0
      $1.isDedicated = false
    },
    Setting(ServerOption.dedicated) {
      $1.models = $0
      $1.isDedicated = true
    },
    Setting(ServerOption.configuration) { _, _ in },
    .text(
      "host", "host", "a host name or an address",
      default: "0.0.0.0 with keys or without authentication, else 127.0.0.1", at: \.host,
      help: "Host name or address to listen on"
    ) { text in
      (1...255).contains(text.utf8.count)
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
    },
    .number(
      "port", 0...65_535, at: \.port, help: "Port to listen on; 0 for any that is free"),
    Setting(ServerOption.data, ifGivenAt: \.data),
    .text(
      "region", "region", "us, eu or ap", default: "eu", at: \.region,
      help: "Region of the data, as answers of the Platform API call it: us, eu, ap"
    ) { ["us", "eu", "ap"].contains($0) },
    .text(
      "public_url", "origin", "an origin such as https://example.org",
      default: "the origin of each request", at: \.publicURL,
      help: "Origin of the addresses that answers of the Platform API have",
      isAccepted: isOrigin),
    .text(
      "trusted_proxies", "list", "addresses and networks such as 127.0.0.1,10.0.0.0/8",
      default: "none", at: \.trustedProxies,
      help: "Proxies whose X-Forwarded-Proto and X-Forwarded-Host tell the origin of a request"
    ) { NetworkList($0) != nil },
    .text(
      "allow_addresses", "list", "addresses and networks such as 10.0.0.0/8,::1", default: "none",
      at: \.allowedAddresses,
      help: "Addresses, besides those of the internet, that users may have the server connect to"
    ) { NetworkList($0) != nil },
    .text(
      "payment", "provider", "none or stripe", default: "none", at: \.payment,
      help: "Where accounts of the platform pay: none, stripe"
    ) { ["none", "stripe"].contains($0) },
    .text(
      "payment_key_file", "file", "a file", default: "$YOLO_PAYMENT_KEY itself",
      at: \.paymentKeyFile, help: "File of the provider's secret key"
    ) { !$0.isEmpty },
    .text(
      "payment_secret_file", "file", "a file", default: "$YOLO_PAYMENT_SECRET itself",
      at: \.paymentSecretFile, help: "File of the secret that the provider signs its events with"
    ) { !$0.isEmpty },
    .text(
      "payment_url", "origin", "an origin such as https://example.org",
      default: "https://api.stripe.com", at: \.paymentURL,
      help: "Origin of the provider's interface", isAccepted: isOrigin),
    .text(
      "payment_price", "id", "an identifier of a price", default: "none", at: \.paymentPrice,
      help: "The provider's price of a month of the plan pro", isAccepted: isIdentifier),
    .text(
      "payment_yearly_price", "id", "an identifier of a price", default: "none",
      at: \.paymentYearlyPrice, help: "The provider's price of a year of the plan pro",
      isAccepted: isIdentifier),
    .flag(
      "confirm_deletion", at: \.confirmsDeletion,
      help: "Delete accounts by the API only if confirmed; the last one is always to be confirmed"),
    .flag(
      "source_urls", at: \.fetchesSources,
      help: "Fetch datasets and images from the addresses that users name"),
    .text(
      "trainer", "command",
      "a command such as \"python train.py {args}\", kubernetes, or none",
      default: "this program's own", at: \.trainer,
      help:
        "What trains models: a command, {args} for the arguments as name=value each; kubernetes: "
        + "jobs in a cluster; none"
    ) { CommandWords.split($0) != nil },
    .text(
      "base_model", "name", "the name of a .pt file", default: "yolo26n.pt", at: \.baseModel,
      help: "Model that trainings begin with whose own has no weights, without a task's suffix"
    ) { name in
      name.hasSuffix(".pt") && name.utf8.count <= 200
        && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
    },
    .text(
      "training_devices", "list", "names such as cpu or rtx-4090,rtx-4090",
      default: TrainingDeviceList.standard, at: \.trainingDevices,
      help: "Devices that train, one model at a time each: cpu, or names of gpuType",
      isAccepted: TrainingDeviceList.isList),
    .number(
      "training_price", 0...1_000_000, .count("cents"), at: \.trainingPrice,
      help: "Cents that an hour of a device costs; 0 for nothing"),
    .number(
      "training_silence", 1...604_800, .seconds, at: \.trainingSilence,
      help: "Seconds after which a training fails of which nothing is heard"),
    .number(
      "trainer_grace", 0...86_400, .seconds, at: \.trainerGrace,
      help: "Seconds that a trainer has to end by itself once its training is cancelled"),
    .number(
      "trainer_kill", 0...3600, .seconds, at: \.trainerKill,
      help: "Seconds that a trainer has to end after SIGTERM before it is killed"),
    .number(
      "trainer_cpu", 1...256, .count("processors"), at: \.trainerProcessors,
      help: "Processors of a trainer in a cluster"),
    .number(
      "trainer_memory", 1...1024, .none, at: \.trainerMemory,
      help: "Memory of a trainer in a cluster, in GiB"),
    Setting(ServerOption.exporter, ifGivenAt: \.exporters),
    .text(
      "deployments", "engine", "local or kubernetes", default: "local", at: \.deployments,
      help: "What runs deployments: processes of this machine, or services of Knative in a cluster"
    ) { ["local", "kubernetes"].contains($0) },
    .text(
      "kubeconfig", "file", "a file", default: "the service account of the pod", at: \.kubeconfig,
      help: "Kubeconfig, in JSON, of the cluster that runs deployments and trainings"
    ) { !$0.isEmpty },
    .text(
      "cluster_namespace", "name", "the name of a namespace",
      default: "that of the kubeconfig or the pod", at: \.clusterNamespace,
      help: "Namespace of the deployments and trainings in the cluster", isAccepted: isLabel),
    .text(
      "cluster_image", "image", "the name of an image", default: "none", at: \.clusterImage,
      help: "Image of yolo that the deployments and trainings in the cluster run"
    ) { !$0.isEmpty && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } },
    .text(
      "cluster_region_label", "label", "the name of a label", default: "none",
      at: \.clusterRegionLabel,
      help: "Label of nodes that must be the region of a deployment, to choose the nodes by"
    ) { !$0.isEmpty && $0.utf8.count <= 317 && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } },
    Setting(ServerOption.database, at: \.database),
    .flag("no_auth", at: \.isOpen, help: "Answer requests without a key, on all addresses"),
    .text(
      "log_format", "format", "text or json", default: "text", at: \.logFormat,
      help: "How the log is written to standard error: text, or json, an object a line"
    ) { ["text", "json"].contains($0) },
    .number(
      "rate_limit", 0...1_000_000_000, .count("calls an hour"), at: \.rateLimit,
      help: "Calls an hour that each key may make; 0 for no limit"),
    .text(
      "cors_origin", "origin", "* or an origin such as https://example.org", default: "none",
      at: \.corsOrigin, help: "Origin whose pages may call this server from a browser; * for any"
    ) { $0 == "*" || isOrigin($0) },
    .flag(
      "preload", at: \.preloads,
      help: "Load models when the server starts, as far as their memory goes, not on first use"),
    .number(
      "model_memory", 16...1_048_576, .mebibytes, at: \.limits.modelBytes,
      help: "Memory of all loaded models at most, in MiB; the least recently used is unloaded"),
    .number(
      "max_models", 1...10_000, .count("models"), at: \.limits.models,
      help: "Models of the directory that are served at most"),
    .number(
      "reload_interval", 0...86_400, .seconds, at: \.limits.reloadInterval,
      help:
        "Seconds between two looks at the directory for new, changed and removed models; 0 for none"
    ),
    .number(
      "workers", 0...256, .count("inferences"), at: \.limits.workers,
      help: "Inferences that run at once; 0 for as many as there are processors"),
    .number(
      threads.name, 0...threads.range.upperBound, .count("threads"), at: \.threads,
      help: "\(threads.help); 0 for all processors. Several at once share them"),
    Setting(RuntimeOption.backend(Backend.available, default: .native), at: \.backend),
    Setting(
      RuntimeOption.instructionSet(InstructionSet.available, known: InstructionSet.allCases),
      at: \.instructionSet),
  ]

  /// Whether a text is 1 to 255 letters, digits, hyphens and underscores.
  @Sendable private static func isIdentifier(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  /// Whether a text is a scheme and a host, with or without a port.
  @Sendable private static func isOrigin(_ text: String) -> Bool {
    guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
    let host = text.dropFirst(scheme.count)
    return !host.isEmpty
      && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#@*\",;\\".utf8.contains($0) }
  }

  /// Whether a text is a label of DNS.
  @Sendable private static func isLabel(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  private static let threads = RuntimeOption.threads(processors: Processors.usable)
}

/// The options of what requests may cost.
package enum LimitTable: SettingsTable {
  /// The options in the order of help and documentation.
  package static let settings: [ServerSetting] = [
    .number(
      "queue", 0...100_000, .count("requests"), at: \.limits.queue,
      help: "Requests that may wait for a worker; further ones are answered 503"),
    .number(
      "max_connections", 1...100_000, .count("connections"), at: \.limits.connections,
      help: "Connections open at once; further ones wait to be accepted"),
    .number(
      "request_timeout", 1...86_400, .seconds, at: \.limits.requestTimeout,
      help: "Seconds that an image may wait and be worked on before it is answered 503"),
    .number(
      "body_timeout", 1...86_400, .seconds, at: \.limits.bodyTimeout,
      help: "Seconds in which the body of a request must have come"),
    .number(
      "idle_timeout", 1...3600, .seconds, at: \.limits.idleTimeout,
      help: "Seconds in which a connection must bring the head of a request, and take its answer"),
    .number(
      "drain_timeout", 0...3600, .seconds, at: \.limits.drainTimeout,
      help: "Seconds that requests under way may still take when the server is told to stop"),
    .number(
      "max_head", 1...1024, .kibibytes, at: \.limits.headBytes,
      help: "Size of a request's head at most, in KiB"),
    .number(
      "max_body", 1...65_536, .mebibytes, at: \.limits.bodyBytes,
      help: "Size of a request's body at most, in MiB"),
    .number(
      "max_parts", 1...1000, .count("parts"), at: \.limits.parts, help: "Parts of a form at most"),
    .number(
      "max_field", 1...1024, .kibibytes, at: \.limits.fieldBytes,
      help: "Size of a form's field that is no file at most, in KiB"),
    .number(
      "max_image", 1...256, .mebibytes, at: \.limits.imageBytes,
      help: "Size of an image file at most, in MiB"),
    .number(
      "max_uploads", 1...1_048_576, .mebibytes, at: \.limits.uploadBytes,
      help:
        "Size of all files being received or waiting at most, in MiB; further ones are answered 503"
    ),
    .number(
      "max_pixels", 1...1000, .megapixels, at: \.limits.pixels,
      help: "Size of an image or a frame at most, in millions of pixels"),
    .number(
      "max_video_duration", 1...86_400, .seconds, at: \.limits.videoDuration,
      help: "Length of a video at most, in seconds"),
    .number(
      "max_video_frames", 1...1_000_000, .count("frames"), at: \.limits.videoFrames,
      help: "Frames of a video that are predicted at most, after vid_stride"),
    .number(
      "video_timeout", 1...86_400, .seconds, at: \.limits.videoTimeout,
      help: "Seconds that a video may be worked on before it is answered 503"),
    .number(
      "max_videos", 0...256, .count("videos"), at: \.limits.videos,
      help: "Videos that are worked on at once; further ones are answered 503"),
    .number(
      "export_jobs", 1...64, .count("exports"), at: \.limits.exportJobs,
      help: "Exports that run at once; further ones wait"),
    .number(
      "export_timeout", 1...604_800, .seconds, at: \.limits.exportTimeout,
      help: "Seconds that an export may take"),
    .number(
      "export_output", 1...1024, .mebibytes, at: \.limits.exportOutput,
      help: "What an exporter may write to its standard output at most, in MiB"),
    .number(
      "max_export", 1...1_048_576, .mebibytes, at: \.limits.exportBytes,
      help: "Size of each file that an exporter writes at most, in MiB"),
    .number(
      "deployment_idle", 1...31_536_000, .seconds, at: \.limits.deploymentIdle,
      help: "Seconds after which an instance of a deployment that nobody uses ends"),
    .number(
      "deployment_start", 1...3600, .seconds, at: \.limits.deploymentStart,
      help: "Seconds in which an instance of a deployment must be ready"),
    .number(
      "max_response", 1...4096, .mebibytes, at: \.limits.responseBytes,
      help: "Size of an answer at most, in MiB"),
  ]
}

extension ServerSettings: SettingsTable {
  /// All options, in the order of the documentation.
  package static let settings = ServiceTable.settings + LimitTable.settings

  /// The settings that hold if none are given, whose values are the defaults of the rows.
  fileprivate static let standard = ServerSettings(models: "", database: "")
}

extension ServerSetting {
  /// What the value of an option counts or measures.
  fileprivate enum Unit {
    case none
    case count(String)
    case seconds
    case kibibytes
    case mebibytes
    case megapixels

    var name: String {
      switch self {
      case .none: ""
      case .count(let name): name
      case .seconds: "s"
      case .kibibytes: "KiB"
      case .mebibytes: "MiB"
      case .megapixels: "million pixels"
      }
    }

    /// How much of what is stored one of the unit is.
    var scale: Int {
      switch self {
      case .none, .count, .seconds: 1
      case .kibibytes: 1 << 10
      case .mebibytes: 1 << 20
      case .megapixels: 1_000_000
      }
    }
  }

  /// A number.
  fileprivate static func number(
    _ name: String, _ range: ClosedRange<Int>, _ unit: Unit = .none,
    at path: any WritableKeyPath<ServerSettings, Int> & Sendable, help: String
  ) -> ServerSetting {
    let option = NumberOption(
      name: name, range: range,
      defaultValue: ServerSettings.standard[keyPath: path] / unit.scale, help: help)
    return Setting(option, unit: unit.name, scale: unit.scale, at: path)
  }

  /// A flag.
  fileprivate static func flag(
    _ name: String, at path: any WritableKeyPath<ServerSettings, Bool> & Sendable, help: String
  ) -> ServerSetting {
    Setting(
      FlagOption(
        name: name, defaultValue: ServerSettings.standard[keyPath: path], help: help), at: path)
  }

  /// Text that `isAccepted` accepts.
  fileprivate static func text(
    _ name: String, _ valueName: String, _ expected: String, default defaultText: String,
    at path: any WritableKeyPath<ServerSettings, String?> & Sendable, help: String,
    isAccepted: @escaping @Sendable (String) -> Bool
  ) -> ServerSetting {
    Setting(
      TextOption(
        name: name, valueName: valueName, expected: expected, defaultText: defaultText, help: help,
        isAccepted: isAccepted), ifGivenAt: path)
  }

  /// The variable of the environment.
  package var variable: String { Self.variable(of: flag) }

  /// Returns the variable of the environment for a flag.
  package static func variable(of flag: String) -> String {
    "YOLO_" + String(flag.map { $0 == "-" ? "_" : $0 }).uppercased()
  }

  /// The keys of a configuration file.
  package static var keysOfFile: [String] {
    ServerSettings.settings.map(\.flag).filter { $0 != ServerOption.configuration.flag }
  }

  /// Returns the flag of the option that is stored at `path`.
  package static func flag(at path: PartialKeyPath<ServerSettings>) -> String {
    ServerSettings.settings.first { $0.isStored(at: path) }?.flag ?? ""
  }
}
