import CheckpointFuzzing
import Foundation
import Testing
import YOLO
import YOLOGraph
import YOLOModels
import YOLOTestSupport
import YOLOWeights

/// Attributes that once ended the process, or asked for memory without bound, each as a network
/// around the block that reads it.
@Suite struct HostileAttributeTests {
  private let bases: Result<FuzzBases, any Error> = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return Result { try FuzzBases(repository: repository.path) }
  }()

  /// Returns a network around a block, changed, in both formats.
  private func networks(
    around name: String, _ change: (ModuleSketch) throws -> Void
  ) throws -> [Result<Network, ModelError>] {
    let bases = try bases.get()
    // Of blocks in several forms the last: that of the form with more.
    let base = try #require(bases.single.last { $0.name == name })
    let sketch = base.sketch.copy()
    try change(try #require(sketch.root[base.focus]))
    return try CheckpointSketch.Format.allCases.map { format in
      let checkpoint = try Checkpoint(bytes: sketch.bytes(format))
      return Result { () throws(ModelError) in try Network(checkpoint) }
    }
  }

  /// The setting that a network is refused for.
  private func setting(_ network: Result<Network, ModelError>) -> String? {
    guard case .failure(.unsupported(_, let setting, _, _)) = network else { return nil }
    return setting
  }

  @Test func everyBlockAndHeadHasANetwork() throws {
    let bases = try bases.get()
    #expect(Set(bases.single.map(\.name)) == Set(KnownModules.classNames))
    for base in bases.single {
      for format in CheckpointSketch.Format.allCases {
        _ = try Network(try Checkpoint(bytes: base.sketch.bytes(format)))
      }
    }
  }

  @Test(arguments: [0, -1, 3, Int.max, Int.min])
  func groupsOfAnIdentityBranchAreChecked(_ groups: Int) throws {
    for network in try networks(around: "RepConv", { $0[attribute: "g"] = .int(groups) }) {
      #expect(setting(network) == "g")
    }
  }

  @Test func parallelKernelsMustFitIntoOneOfThem() throws {
    var random = SplitMix64(seed: 1)
    let networks = try networks(around: "RepConv") { block in
      for (name, kernel) in [("conv1", [1, 3]), ("conv2", [5, 1])] {
        let convolution = try #require(block[name]?["conv"])
        convolution[attribute: "kernel_size"] = .list(kernel.map { .int($0) })
        convolution[attribute: "padding"] = .list(kernel.map { .int($0 / 2) })
        convolution.fitTensors(using: &random)
      }
    }
    for network in networks { #expect(setting(network) == "a branch") }
  }

  @Test(arguments: [[Int.max, 1], [Int.max], [0, 8], [-1, 9], [1 << 62, 1 << 62]])
  func lengthsOfRunsAreChecked(_ lengths: [Int]) throws {
    let networks = try networks(around: "CBLinear") {
      $0[attribute: "c2s"] = .list(lengths.map { .int($0) })
    }
    for network in networks { #expect(setting(network) == "c2s") }
  }

  @Test func longListsAreNotPrinted() throws {
    let long = ValueSketch.list([ValueSketch](repeating: .float(3), count: 5000))
    for network in try networks(around: "Upsample", { $0[attribute: "scale_factor"] = long }) {
      guard case .failure(let error) = network else {
        Issue.record("a factor that is a list was accepted")
        continue
      }
      #expect("\(error)".utf8.count < 1000, "\(error)")
    }
  }

  @Test func operationsHaveABound() throws {
    let networks = try networks(around: "Sequential") { block in
      let identity = ModuleSketch(
        "torch.nn.modules.pooling.MaxPool2d",
        attributes: [("kernel_size", .int(1)), ("stride", .int(1))])
      block.children = (0..<18_000).map { ("\($0)", identity) }
    }
    // The first format is written out up to a limit of its own.
    let last = try #require(networks.last)
    guard case .failure(.graph(.tooMuchWork(_, "operations", _))) = last else {
      Issue.record("a network of 18,000 poolings was accepted: \(last)")
      return
    }
  }
}
