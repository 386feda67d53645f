#if Server
import YOLOServerOptions

/// A kind of device that trains, as requests name it: a graphics processor, or `cpu`.
struct TrainingDevice: Sendable, Hashable {
  let name: String
  let displayName: String
  let memoryGigabytes: Int

  /// All kinds that requests may name.
  static let all: [TrainingDevice] =
    [
      ("rtx-2000-ada", "RTX 2000 Ada", 16), ("rtx-a4500", "RTX A4500", 20),
      ("rtx-a5000", "RTX A5000", 24), ("rtx-4000-ada", "RTX 4000 Ada", 20), ("l4", "L4", 24),
      ("a40", "A40", 48), ("rtx-3090", "RTX 3090", 24), ("rtx-a6000", "RTX A6000", 48),
      ("rtx-pro-4000", "RTX PRO 4000", 24), ("rtx-pro-4500", "RTX PRO 4500", 32),
      ("rtx-4090", "RTX 4090", 24), ("rtx-6000-ada", "RTX 6000 Ada", 48), ("l40s", "L40S", 48),
      ("rtx-pro-5000", "RTX PRO 5000", 48), ("rtx-5090", "RTX 5090", 32), ("l40", "L40", 48),
      ("a100-80gb-pcie", "A100 PCIe", 80), ("a100-80gb-sxm", "A100 SXM", 80),
      ("rtx-pro-6000", "RTX PRO 6000", 96), ("h100-pcie", "H100 PCIe", 80),
      ("h100-nvl", "H100 NVL", 94), ("h100-sxm", "H100 SXM", 80), ("h200-nvl", "H200 NVL", 141),
      ("h200-sxm", "H200 SXM", 141), ("b200", "B200", 180), ("b300", "B300", 288),
      ("cpu", "CPU", 0),
    ].map { TrainingDevice(name: $0.0, displayName: $0.1, memoryGigabytes: $0.2) }

  /// The name for people.
  static func displayName(of name: String) -> String {
    all.first { $0.name == name }?.displayName ?? name
  }

  /// The memory, in gigabytes.
  static func memory(of name: String) -> Int {
    all.first { $0.name == name }?.memoryGigabytes ?? 0
  }
}

/// The devices of this server, each of which trains one model at a time.
struct TrainingDevices: Sendable {
  /// A device.
  struct Slot: Sendable, Hashable {
    /// Its index among all.
    let index: Int
    /// The name of its kind.
    let kind: String
    /// What trainers call it: `cpu`, or the number of the graphics processor.
    let argument: String
  }

  let slots: [Slot]

  /// Reads names that are separated by commas, one for each device.
  init(_ text: String?) {
    var processors = 0
    slots = TrainingDeviceList.names(text ?? TrainingDeviceList.standard).enumerated().map {
      guard $1 != "cpu" else { return Slot(index: $0, kind: $1, argument: $1) }
      defer { processors += 1 }
      return Slot(index: $0, kind: $1, argument: "\(processors)")
    }
  }

  /// The number of devices of each kind.
  var counts: [String: Int] { slots.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 } }

  /// Returns the kind of device that a training runs on: what is asked for if it is here, else the
  /// first of this server's.
  func kind(for gpu: String?, device: String?) -> String {
    let kinds = slots.map(\.kind)
    if let gpu, kinds.contains(gpu) { return gpu }
    if gpu == nil, device == "cpu", kinds.contains("cpu") { return "cpu" }
    return kinds.first ?? "cpu"
  }
}
#endif
