public import JSONText
import YOLOGraph

extension ModelProfile {
  /// The profile as JSON: `total`, `threads`, `peak`, and a member a step and a layer; times in
  /// milliseconds, rates in billions of operations a second.
  public var json: JSONValue {
    func rounded(_ value: Double) -> JSONValue { .double((value * 1e4).rounded() / 1e4) }
    func share(_ time: Double) -> JSONValue { rounded(total > 0 ? time / total : 0) }
    let steps = steps.map { step in
      JSONValue.object([
        JSONMember("path", .string(step.path)), JSONMember("kind", .string(step.kind.rawValue)),
        JSONMember("kernel", .string(step.kernel)),
        JSONMember("output", .array(step.output.map { .int($0) })),
        JSONMember("gflop", .double(2e-9 * Double(step.macs))),
        JSONMember("min", rounded(step.least)), JSONMember("median", rounded(step.median)),
        JSONMember("share", share(step.median)), JSONMember("rate", rounded(step.rate)),
      ])
    }
    let layers = layers.map { layer in
      JSONValue.object([
        JSONMember("path", .string(layer.path)), JSONMember("class", .string(layer.className)),
        JSONMember("steps", .int(layer.steps.count)),
        JSONMember("gflop", .double(2e-9 * Double(layer.macs))),
        JSONMember("median", rounded(layer.median)), JSONMember("share", share(layer.median)),
        JSONMember("rate", rounded(layer.rate)),
      ])
    }
    return .object([
      JSONMember("total", rounded(total)), JSONMember("threads", .int(threads)),
      JSONMember("peak", peak.map { rounded($0) } ?? .null), JSONMember("layers", .array(layers)),
      JSONMember("steps", .array(steps)),
    ])
  }
}
