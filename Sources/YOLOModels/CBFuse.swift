import YOLOGraph
import YOLOWeights

/// The sum of its last input and one run of channels of each `CBLinear` before it, resized to the
/// last input's extent (Wang et al., "YOLOv9", 2024).
struct CBFuse: Block {
  let path: String
  private let choices: [Int]

  init(_ record: ModuleRecord) throws {
    path = record.path
    choices = try record.ints("idx")
  }

  func callAsFunction(_ inputs: [Value]) throws -> Value {
    guard let last = inputs.last else {
      throw ModelError.inputCount(at: path, expected: choices.count + 1, found: 0)
    }
    let resized = inputs.dropLast().map { $0.resized(like: last, at: path) }
    return try (resized + [last]).dropFirst().reduce(resized.first ?? last) {
      try $0.adding($1, at: path)
    }
    .named(path)
  }

  func layer(_ inputs: [[Value]]) throws -> [Value] {
    guard inputs.count == choices.count + 1, let last = inputs.last, last.count == 1 else {
      throw ModelError.inputCount(at: path, expected: choices.count + 1, found: inputs.count)
    }
    let chosen = try zip(inputs, choices).map { values, choice in
      guard values.indices.contains(choice) else {
        throw ModelError.unsupported(
          path: path, setting: "idx", found: "\(choice)",
          supported: "0 to \(values.count - 1), the runs of that input")
      }
      return values[choice]
    }
    return [try self(chosen + last)]
  }
}
