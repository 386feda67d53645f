import Dispatch
import YOLOGraph
import YOLOKernels
import YOLOModels
import YOLOSystem
import YOLOTensor
import YOLOWeights

/// Runs steps of training on given inputs and gradients by the outputs, and writes what comes out: for
/// comparison with another framework, and for measuring.
///
///     TrainingProbe CHECKPOINT BATCH SIZE THREADS STEPS [DIRECTORY]
///
/// With a directory, `input.f32` [batch, channels, size, size] and `gradient-N.f32` (output N, [batch,
/// channels, height, width]) are read, and `output-N.f32`, `gradients.f32`, `values.f32` and
/// `keys.txt` written.
@main
enum TrainingProbe {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 6, let batch = Int(arguments[2]), let size = Int(arguments[3]),
      let threads = Int(arguments[4]), let steps = Int(arguments[5])
    else {
      print("usage: TrainingProbe CHECKPOINT BATCH SIZE THREADS STEPS [DIRECTORY]")
      exit(64)
    }
    let directory = arguments.count > 6 ? arguments[6] : nil
    let checkpoint = try Checkpoint.open(path: arguments[1])
    let network = try Network(checkpoint, purpose: .training)
    let described = try network.graph.parameterDescriptions()
    let store = try ParameterStore(described.map { $0.description })
    for (entry, parameter) in zip(store.entries, described.map { $0.parameter }) {
      for (index, value) in parameter.values().enumerated() {
        store.values[entry.offset + index] = value
      }
    }
    let session = try TrainingSession(
      network.graph, parameters: store, batch: batch, height: size, width: size,
      threads: threads)
    let channels = network.inputChannels
    let plane = size * size
    let input =
      try directory.map { try read($0 + "/input.f32") }
      ?? (0..<batch * channels * plane).map { Float($0 % 255) / 255 }
    let gradients = try session.outputs.indices.map { index in
      try directory.map { try read("\($0)/gradient-\(index).f32") }
    }
    var times = [(forward: Double, backward: Double)]()
    var profile = [(String, Double)]()
    for step in 0..<steps {
      store.clearGradients()
      let start = DispatchTime.now().uptimeNanoseconds
      session.packWeights()
      let forwardProfile = UnsafeMutablePointer<[(String, Double)]>.allocate(capacity: 2)
      forwardProfile.initialize(repeating: [], count: 2)
      defer {
        forwardProfile.deinitialize(count: 2)
        forwardProfile.deallocate()
      }
      let isLast = step == steps - 1
      session.forward(durations: isLast ? forwardProfile : nil) { image, target, layout in
        for y in 0..<size {
          for x in 0..<size {
            let pixel = target + (y * layout.rowStride + x * layout.pixelStride)
            let source = image * channels * plane + y * size + x
            for channel in 0..<channels { pixel[channel] = input[source + channel * plane] }
          }
        }
      }
      let middle = DispatchTime.now().uptimeNanoseconds
      for (index, output) in session.outputs.enumerated() {
        let target = output.gradients
        forEach(output) { image, y, x, channel, position in
          let row = image * output.imageStride + y * output.rowStride
          let value: Float = gradients[index]?[position] ?? Float(position % 17 - 8) / 4096
          target[row + x * output.pixelStride + channel] = value
        }
      }
      if let directory {
        for (index, output) in session.outputs.enumerated() {
          var values = [Float](
            repeating: 0, count: batch * output.channels * output.height * output.width)
          forEach(output) { image, y, x, channel, position in
            let row = image * output.imageStride + y * output.rowStride
            values[position] = output.values[row + x * output.pixelStride + channel]
          }
          try write(values, "\(directory)/output-\(index).f32")
        }
      }
      let loss = DispatchTime.now().uptimeNanoseconds
      session.backward(durations: isLast ? forwardProfile + 1 : nil)
      let end = DispatchTime.now().uptimeNanoseconds
      times.append((Double(middle - start) / 1e6, Double(end - loss) / 1e6))
      profile = forwardProfile[0] + forwardProfile[1]
    }
    if let directory {
      try write(
        store.entries.flatMap { entry in entry.range.map { store.gradients[$0] } },
        directory + "/gradients.f32")
      try write(
        store.entries.flatMap { entry in entry.range.map { store.values[$0] } },
        directory + "/values.f32")
      let keys = store.entries.map {
        "\($0.key) \($0.shape.map(String.init).joined(separator: ","))\n"
      }
      try AtomicFile.write(Array(keys.joined().utf8), to: directory + "/keys.txt")
      let names = session.outputs.map { $0.name + "\n" }.joined()
      try AtomicFile.write(Array(names.utf8), to: directory + "/outputs.txt")
    }
    let forward = times.map(\.forward).min() ?? 0
    let backward = times.map(\.backward).min() ?? 0
    print(
      "forward \(forward) ms, backward \(backward) ms, sum \(forward + backward) ms, memory "
        + "\(session.byteCount >> 20) MiB")
    var kinds = [String: Double]()
    for (name, seconds) in profile {
      let kind = name.split(separator: " ", maxSplits: 1).last.map(String.init) ?? name
      kinds[kind, default: 0] += seconds * 1e3
    }
    for (kind, time) in kinds.sorted(by: { $0.value > $1.value }) { print(time, kind) }
    if arguments.count > 7 {
      for (name, seconds) in profile.sorted(by: { $0.1 > $1.1 }).prefix(40) {
        print(seconds * 1e3, name)
      }
    }
  }

  /// Calls `body` for each value of an output: its image, row, column, channel, and its position in
  /// [batch, channels, height, width].
  private static func forEach(
    _ output: TrainingSession.Output, _ body: (Int, Int, Int, Int, Int) -> Void
  ) {
    let plane = output.height * output.width
    for image in 0..<output.batch {
      for y in 0..<output.height {
        for x in 0..<output.width {
          for channel in 0..<output.channels {
            body(
              image, y, x, channel,
              (image * output.channels + channel) * plane + y * output.width + x)
          }
        }
      }
    }
  }

  private static func read(_ path: String) throws -> [Float] {
    let file = try MappedFile(path: path)
    let bytes = file.bytes.buffer
    return (0..<bytes.count / 4).map {
      bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
    }
  }

  private static func write(_ values: [Float], _ path: String) throws {
    try AtomicFile.write(values.withUnsafeBytes { Array($0) }, to: path)
  }
}
