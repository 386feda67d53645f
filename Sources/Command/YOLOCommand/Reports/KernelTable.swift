import JSONText
import YOLOGraph
import YOLOKernels
import YOLOSystem

/// What `yolo benchmark --kernels` prints.
struct KernelTable {
  let rankings: [KernelRanking]

  init(_ rankings: [KernelRanking]) { self.rankings = rankings }

  func write(asJSON: Bool) {
    if asJSON { writeJSON() } else { writeText() }
  }

  /// A row a candidate, the fastest of each shape first.
  private func writeText() {
    var table = TextTable(
      ["shape", "steps", "kernel", "ms", "model ms", "GFLOP/s", "first step"], leftColumns: 1)
    for ranking in rankings {
      for (place, candidate) in ranking.candidates.enumerated() {
        let rate = 2 * Double(ranking.macs) / max(candidate.measured, 1e-9) * 1e-9
        table.append([
          place == 0 ? shape(ranking) : "", place == 0 ? "\(ranking.paths.count)" : "",
          "\(candidate.kernel) \(candidate.isPicked ? "*" : " ")",
          (candidate.measured * 1e3).fixed(3), (candidate.predicted * 1e3).fixed(3),
          rate.fixed(0), place == 0 ? ranking.paths[0] : "",
        ])
      }
    }
    let contested = rankings.filter { $0.candidates.count > 1 }
    let missed = contested.filter { !$0.candidates[0].isPicked }
    let lost = rankings.reduce(0) { sum, ranking in
      let picked = ranking.candidates.first { $0.isPicked }?.measured ?? 0
      return sum + Double(ranking.paths.count) * (picked - ranking.candidates[0].measured)
    }
    StandardOutput.write(
      "\(table.text)The planner's pick is the fastest for "
        + "\(contested.count - missed.count) of \(contested.count) shapes with a choice; "
        + "the others cost \((lost * 1e3).fixed(3)) ms in all.\n")
  }

  private func shape(_ ranking: KernelRanking) -> String {
    let window = ranking.window
    let (input, output) = (ranking.input, ranking.output)
    let groups = ranking.groups == 1 ? "" : " groups \(ranking.groups)"
    return "\(window.kernelHeight)x\(window.kernelWidth) s\(window.strideHeight) "
      + "\(input.channels)->\(output.channels) @\(output.height)x\(output.width)\(groups)"
  }

  private func work(_ work: KernelWork) -> JSONValue {
    .array(
      [work.products, work.pixels, work.inputVectors, work.outputVectors, work.weightBytes].map {
        .int($0)
      })
  }

  private func writeJSON() {
    let values = rankings.map { ranking -> JSONValue in
      .object([
        JSONMember("shape", .string(shape(ranking))),
        JSONMember("steps", .array(ranking.paths.map { .string($0) })),
        JSONMember("macs", .int(ranking.macs)),
        JSONMember(
          "candidates",
          .array(
            ranking.candidates.map { candidate in
              .object([
                JSONMember("kernel", .string(candidate.kernel)),
                JSONMember("picked", .bool(candidate.isPicked)),
                JSONMember("milliseconds", .double(candidate.measured * 1e3)),
                JSONMember("predicted", .double(candidate.predicted * 1e3)),
                JSONMember("work", work(candidate.work)),
              ])
            })),
      ])
    }
    var json = JSONWriter()
    json.value(.array(values))
    StandardOutput.write(json.takeBytes() + [UInt8(ascii: "\n")])
  }
}
