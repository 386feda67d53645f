import Benchmark
import Dispatch
import Foundation
import YOLO
import YOLOGraph
import YOLOImageIO
import YOLOKernels

/// The rate of what ran, in 10⁹ operations a second, two for each multiply-accumulate that the
/// operation as written needs, whatever a kernel saves.
private let rate = BenchmarkMetric.custom(
  "GFLOP/s", polarity: .prefersLarger, useScalingFactor: false)

/// The rate over the most that the threads were measured to give, in thousandths.
///
/// More than 1000 is possible where a kernel needs fewer multiply-accumulates than the operation as
/// written.
private let fraction = BenchmarkMetric.custom(
  "of peak (1/1000)", polarity: .prefersLarger, useScalingFactor: false)

/// Runs `body`, and reports how fast its work was done.
private func measure(
  _ benchmark: Benchmark, macs: Int, peak: Double, body: () throws -> Void
) rethrows {
  for _ in benchmark.scaledIterations {
    benchmark.startMeasurement()
    let start = DispatchTime.now().uptimeNanoseconds
    try body()
    let taken = DispatchTime.now().uptimeNanoseconds - start
    benchmark.stopMeasurement()
    guard macs > 0 else { continue }
    let operations = 2 * Double(macs) / Double(max(taken, 1)) * 1e9
    benchmark.measurement(rate, Int((operations * 1e-9).rounded()))
    benchmark.measurement(fraction, Int((operations / peak * 1000).rounded()))
  }
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], timeUnits: .microseconds, warmupIterations: 3,
    maxDuration: .milliseconds(400), maxIterations: 2000)
  do {
    let settings = try Settings()
    for instructionSet in settings.instructionSets {
      Benchmark("\(instructionSet.rawValue)/peak/the convolution tile in the first-level cache") {
        benchmark in
        let peak = KernelSet.of(instructionSet).peakRate(seconds: 0.04)
        benchmark.measurement(rate, Int((peak * 1e-9).rounded()))
      }?.configuration.metrics = [rate]
      for threads in settings.threads {
        let group = "\(instructionSet.rawValue)/\(threads) thread\(threads > 1 ? "s" : "")"
        try addLayers(settings, instructionSet, threads, group)
        try addModels(settings, instructionSet, threads, group)
      }
    }
  } catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(64)
  }
}

private func addLayers(
  _ settings: Settings, _ instructionSet: InstructionSet, _ threads: Int, _ group: String
) throws {
  let layers = try Layer.read("layers.json") + Layer.read("operations.json")
  for layer in layers where settings.includes(layer) {
    var configuration = Benchmark.defaultConfiguration
    if layer.operation == .convolution { configuration.metrics += [rate, fraction] }
    Benchmark(
      "\(group)/layer/\(layer.name)", configuration: configuration,
      closure: { benchmark, run in
        measure(
          benchmark, macs: run.plan.macs,
          peak: peakRate(instructionSet) * Double(threads)
        ) { run.run() }
      },
      setup: { try LayerRun(layer, instructionSet: instructionSet, threads: threads) })
  }
}

private func addModels(
  _ settings: Settings, _ instructionSet: InstructionSet, _ threads: Int, _ group: String
) throws {
  let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: settings.image)))
  let image = try ImageReader.decode(bytes, named: settings.image)
  let options = RuntimeOptions(instructionSet: instructionSet, threads: threads)
  for path in settings.checkpoints {
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    var configuration = Benchmark.defaultConfiguration
    configuration.metrics += [rate, fraction]
    Benchmark(
      "\(group)/model/\(name): image to prediction", configuration: configuration,
      closure: { benchmark, model in
        do {
          let plan = try model.plan(for: image.size)
          try measure(
            benchmark, macs: plan.macs,
            peak: peakRate(instructionSet) * Double(threads)
          ) { blackHole(try model.predictBlocking(image)) }
        } catch {
          benchmark.error("\(error)")
        }
      }, setup: { try Model(path: path, options: options) })
    Benchmark(
      "\(group)/end to end/\(name): file's bytes to JSON",
      closure: { benchmark, model in
        do {
          try measure(benchmark, macs: 0, peak: 1) {
            let image = try ImageReader.decode(bytes, named: settings.image)
            blackHole(try model.predictBlocking(image).jsonLine())
          }
        } catch {
          benchmark.error("\(error)")
        }
      }, setup: { try Model(path: path, options: options) })
    Benchmark("\(group)/load/\(name): checkpoint to the first prediction") { benchmark in
      do {
        try measure(benchmark, macs: 0, peak: 1) {
          blackHole(try Model(path: path, options: options).predictBlocking(image))
        }
      } catch {
        benchmark.error("\(error)")
      }
    }
  }
}

/// The maximum number of that one thread computes with an instruction set, in operations a second;
/// measured when it is first needed.
private func peakRate(_ instructionSet: InstructionSet) -> Double {
  switch instructionSet {
  case .baseline: PeakRates.baseline
  case .avx2: PeakRates.avx2
  case .avx512: PeakRates.avx512
  }
}

private enum PeakRates {
  static let baseline = KernelSet.of(.baseline).peakRate()
  static let avx2 = KernelSet.of(.avx2).peakRate()
  static let avx512 = KernelSet.of(.avx512).peakRate()
}
