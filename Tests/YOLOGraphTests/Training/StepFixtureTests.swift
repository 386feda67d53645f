import Foundation
import Testing
import YOLOGraph
import YOLOKernels
import YOLOModels
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

/// The oracle of training against one step of Ultralytics in double precision, of the trained
/// models of `Weights` and of tiny networks of all families.
///
/// `Tools/training/step_fixtures.py` made the fixture; images and gradients of outputs are drawn
/// here as there.
@Suite struct StepFixtureTests {
  /// Norm, and sums of the values times random numbers.
  typealias Summary = [Double]

  struct Case: Decodable {
    let checkpoint: String
    let batch: Int
    let height: Int
    let width: Int
    let momentum: Double
    /// The number of layers, from the first on, that are normalized by running statistics.
    let frozen: Int
    let outputs: [String: Summary]
    let input: Summary
    let gradients: [String: Summary]
    let statistics: [String: Summary]
  }

  private struct File: Decodable {
    let cases: [String: Case]
  }

  /// The networks of the fixture.
  private static let names = [
    "shapes-detect", "shapes-segment", "shapes-pose", "shapes-obb", "shapes-classify", "rare",
    "rare-blocks", "rare-layers", "yolo11-cls", "yolo11-seg", "yolo12-obb", "yolo26-detect",
    "yolo26-pose", "yolo26-seg", "yolov10", "yolov3-tiny", "yolov5", "yolov6",
    "yolov8-cls-resnet50", "yolov8-ghost", "yolov9e", "yolov9t",
  ]

  /// Numbers in [0, 1) of 53 bits.
  private struct Numbers {
    private var random: SplitMix64

    /// The numbers of a name, whose FNV-1a hash is the seed.
    init(_ name: String) {
      random = SplitMix64(
        seed: name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    }

    mutating func next() -> Double { Double(random.next() >> 11) * 0x1p-53 }
  }

  private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
  private static let repository = directory.deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func cases() throws -> [String: Case] {
    let data = try Data(contentsOf: directory.appending(path: "Fixtures/steps.json"))
    return try JSONDecoder().decode(File.self, from: data).cases
  }

  /// Rectangles of one color each on a background, with noise.
  private static func images(_ name: String, _ form: Case) -> [Double] {
    var numbers = Numbers(name)
    let (height, width) = (form.height, form.width)
    var images = [Double](repeating: 0, count: form.batch * height * width * 3)
    for image in 0..<form.batch {
      func fill(rows: Range<Int>, columns: Range<Int>) {
        let color = (0..<3).map { _ in numbers.next() }
        for y in rows {
          for x in columns {
            for channel in 0..<3 {
              images[((image * height + y) * width + x) * 3 + channel] = color[channel]
            }
          }
        }
      }
      fill(rows: 0..<height, columns: 0..<width)
      for _ in 0..<6 {
        let corners = [width, height, width, height].map { Int(numbers.next() * Double($0)) }
        fill(
          rows: min(corners[1], corners[3])..<max(corners[1], corners[3]),
          columns: min(corners[0], corners[2])..<max(corners[0], corners[2]))
      }
    }
    for index in images.indices {
      images[index] =
        ((0.75 * images[index] + 0.25 * numbers.next()) * 65536).rounded(.down) / 65536
    }
    return images
  }

  private static func gradient(_ path: String, count: Int) -> [Double] {
    var numbers = Numbers(path)
    return (0..<count).map { _ in (numbers.next() * 65536).rounded(.down) / 32768 - 1 }
  }

  /// Expects the norm and the projections of a tensor to differ by at most a fraction of the norm.
  private func expect(
    _ values: [Double]?, _ name: String, _ expected: Summary?, _ tolerance: Double,
    _ worst: inout Double, floor: Double = 1e-3
  ) {
    guard let values, let expected else {
      Issue.record("\(name): \(values == nil ? "no" : "unexpected") values")
      return
    }
    var numbers = Numbers("projection \(name)")
    var found = [values.reduce(0) { $0 + $1 * $1 }.squareRoot()]
    for _ in expected.dropFirst() {
      found.append(values.reduce(0) { $0 + $1 * (2 * numbers.next() - 1) })
    }
    let distance = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    // A projection of n random errors has about the norm of the errors. Gradients of a bias before
    // a normalization are zero but for rounding.
    let error = distance / max(expected[0], floor)
    worst = error.isNaN ? .infinity : max(worst, error)
    #expect(error <= tolerance, "\(name): \(found), expected \(expected)")
  }

  /// The fixture has 12 digits; the networks multiply the rounding of float64 by up to 100.
  private static let tolerance = 1e-9
  /// In float64 torch has the scale of its multi-head attention, and the positions of bilinear
  /// resizing, in float64, ours are in float32 always.
  private static let looser = ["rare-blocks": 1e-7, "rare-layers": 1e-6]

  /// Returns the gradients by the tensors of the checkpoint: some graphs have parameters that are
  /// made of such.
  private static func assembled(_ gradients: [String: [Double]]) throws -> [String: [Double]] {
    var result = [String: [Double]]()
    var parts = [String: [(first: Int, values: [Double])]]()
    for (key, values) in gradients {
      if key.contains(" copying ") { continue }  // Weights of zeros and ones.
      if let open = key.firstIndex(of: "["), let dots = key.range(of: "..<") {
        let first = try #require(Int(key[key.index(after: open)..<dots.lowerBound]))
        parts[String(key[..<open]), default: []].append((first, values))
      } else if !key.hasPrefix("1 − ") {
        result[key] = values
      }
    }
    for (key, rows) in parts {
      result[key] = rows.sorted { $0.first < $1.first }.flatMap(\.values)
    }
    for (key, values) in gradients where key.hasPrefix("1 − ") {
      let slope = String(key.dropFirst(4))
      result[slope] = zip(try #require(result[slope]), values).map { $0 - $1 }
    }
    return result
  }

  /// Returns the gradient by the weight of a Focus, whose input channels are those of the upper left
  /// pixels of squares, of the lower left, the upper right and the lower right.
  private static func focused(_ values: [Double], _ shape: [Int]) -> [Double] {
    let (inputs, height, width) = (shape[1], shape[2], shape[3])
    var result = values
    for (index, value) in values.enumerated() {
      let (x, y) = (index % width, index / width % height)
      let (input, output) = (index / (width * height) % inputs, index / (width * height * inputs))
      let channel = (y % 2 + 2 * (x % 2)) * inputs + input
      result[((output * 4 * inputs + channel) * (height / 2) + y / 2) * (width / 2) + x / 2] = value
    }
    return result
  }

  @Test(arguments: names) func oneStep(_ name: String) throws {
    let form = try #require(
      try Self.cases()[name], "run Tools/training/step_fixtures.py again")
    let tolerance = Self.looser[name] ?? Self.tolerance
    let checkpoint = try Checkpoint.open(
      path: Self.repository.appending(path: form.checkpoint).path)
    let graph = try Network(checkpoint, purpose: .training).graph
    let oracle = try TrainingOracle(graph, momentum: form.momentum) { path in
      !(0..<form.frozen).contains { path.hasPrefix("model.\($0).") }
    }
    let pass = try oracle.forward(
      Self.images(name, form), batch: form.batch, height: form.height, width: form.width)
    var worst = (output: 0.0, gradient: 0.0, statistic: 0.0)
    var weights = [Int: [Double]]()
    for (path, expected) in form.outputs {
      let node = try #require(graph.modules[path], "\(path)")
      let values = pass.activations[node]
      expect(values, "output \(path)", expected, tolerance, &worst.output)
      weights[node] = Self.gradient(path, count: values.count)
    }
    for (key, expected) in form.statistics {
      expect(
        pass.runningStatistics[key] ?? oracle.parameters[key], key, expected, tolerance,
        &worst.statistic)
    }
    let isOneToOne = graph.nodes.map { $0.path.contains(".one2one_") }
    let detached = graph.nodes.indices.filter { index in
      isOneToOne[index] && graph.nodes[index].inputs.contains { !isOneToOne[$0] }
    }
    let gradients = try pass.backward(
      outputGradients: weights, detachedReaders: Set(detached))
    var found = try Self.assembled(gradients.parameters)
    for node in graph.nodes {
      guard case .convolution(let convolution) = node.operation,
        case let key = convolution.weight.id.description, key.hasSuffix(" of squares"),
        let values = found.removeValue(forKey: key)
      else { continue }
      found[String(key.dropLast(11))] = Self.focused(values, convolution.weight.shape)
    }
    expect(gradients.activations[0], "input", form.input, tolerance, &worst.gradient)
    for key in Set(form.gradients.keys).union(found.keys) {
      // What training alone reads besides has no gradient here, as in the fixture.
      if form.gradients[key] == nil, found[key]?.allSatisfy({ $0 == 0 }) == true { continue }
      expect(found[key], key, form.gradients[key], tolerance, &worst.gradient)
    }
    print("\(name): worst error of outputs, gradients, statistics: \(worst)")
  }

  /// The networks with operations or weights that are not trained here.
  private static let untrainable: Set = ["rare-blocks", "rare-layers"]

  /// The kernels differ from double precision by the rounding of sums, which the networks multiply.
  private static let kernelTolerance = 5e-4
  /// Rounding moves some of the values of images of few colors to the other side of ReLU's kink; the
  /// normalizations of YOLO12's tiny network see few values of little variance.
  private static let looserKernels = ["yolov6": 2e-2, "yolo12-obb": 3e-3]

  @Test(
    arguments: names.filter { !untrainable.contains($0) }, InstructionSet.available)
  func oneStepOfKernels(_ name: String, _ instructionSet: InstructionSet) throws {
    // All kernels on the models of Weights, the best on the others.
    guard instructionSet == .best || name.hasPrefix("shapes") else { return }
    let form = try #require(try Self.cases()[name])
    let checkpoint = try Checkpoint.open(
      path: Self.repository.appending(path: form.checkpoint).path)
    let graph = try Network(checkpoint, purpose: .training).graph
    let described = try graph.parameterDescriptions { key in
      !(0..<form.frozen).contains { key.hasPrefix("model.\($0).") }
    }
    let images = Self.images(name, form).map { Float($0) }
    let tolerance = Self.looserKernels[name] ?? Self.kernelTolerance
    var results = [[Float]]()
    for threads in [1, 3] {
      let store = try ParameterStore(described.map { $0.description })
      for (entry, parameter) in zip(store.entries, described.map { $0.parameter }) {
        for (index, value) in parameter.values().enumerated() {
          store.values[entry.offset + index] = value
        }
      }
      let session = try TrainingSession(
        graph, parameters: store, batch: form.batch, height: form.height, width: form.width,
        momentum: Float(form.momentum), instructionSet: instructionSet, threads: threads)
      var worst = (output: 0.0, gradient: 0.0, statistic: 0.0)
      session.packWeights()
      session.forward { image, target, layout in
        for row in 0..<layout.height {
          let count = layout.width * 3
          for index in 0..<count {
            target[row * layout.rowStride + index] =
              images[(image * layout.height + row) * count + index]
          }
        }
      }
      // What training alone reads has no gradient here, as in the fixture.
      #expect(Set(session.outputs.map(\.name)).isSuperset(of: form.outputs.keys))
      for output in session.outputs where form.outputs[output.name] != nil {
        let count = output.batch * output.height * output.width * output.channels
        let gradient = Self.gradient(output.name, count: count)
        var values = [Double]()
        var index = 0
        for image in 0..<output.batch {
          for row in 0..<output.height {
            for column in 0..<output.width {
              let position =
                image * output.imageStride + row * output.rowStride + column * output.pixelStride
              for channel in 0..<output.channels {
                values.append(Double(output.values[position + channel]))
                output.gradients[position + channel] = Float(gradient[index])
                index += 1
              }
            }
          }
        }
        expect(
          values, "output \(output.name)", form.outputs[output.name], tolerance, &worst.output)
      }
      session.backward()
      for entry in store.entries {
        let source = entry.kind == .statistic ? store.values : store.gradients
        let values = entry.range.map { Double(source[$0]) }
        if entry.kind == .statistic {
          guard form.statistics[entry.key] != nil else { continue }
          expect(values, entry.key, form.statistics[entry.key], tolerance, &worst.statistic)
        } else if entry.isTrainable, form.gradients[entry.key] != nil {
          expect(
            values, entry.key, form.gradients[entry.key], tolerance, &worst.gradient, floor: 0.05)
        } else {
          #expect(values.allSatisfy { $0 == 0 }, "\(entry.key) has no gradient")
        }
      }
      results.append(
        (0..<store.count).map { store.gradients[$0] } + (0..<store.count).map { store.values[$0] })
      print("\(name) \(instructionSet) \(threads): \(worst)")
    }
    #expect(results[0] == results[1], "the threads change the sums")
  }

  @Test(arguments: untrainable.sorted()) func untrainableNetworkIsRefused(_ name: String) throws {
    let form = try #require(try Self.cases()[name])
    let checkpoint = try Checkpoint.open(
      path: Self.repository.appending(path: form.checkpoint).path)
    let graph = try Network(checkpoint, purpose: .training).graph
    #expect(throws: GraphError.self) {
      let keys = checkpoint.model.tensorKeys
      let store = try ParameterStore(
        graph.parameterDescriptions().map { $0.description }.filter { keys.contains($0.key) })
      _ = try TrainingSession(
        graph, parameters: store, batch: 1, height: form.height, width: form.width)
    }
  }

  @Test func everyCaseIsTested() throws {
    #expect(try Set(Self.cases().keys) == Set(Self.names))
  }
}

extension ModuleRecord {
  /// The keys of all tensors of the module and those in it.
  fileprivate var tensorKeys: Set<String> {
    children.reduce(into: Set(tensorNames.map { key(of: $0) })) { $0.formUnion($1.tensorKeys) }
  }
}
