import Glibc
import Synchronization
import YOLO
import YOLOImage
import YOLOOptions

/// Predicts on many threads at once with models that all of them share, and compares each
/// prediction with the one made alone.
enum ConcurrentPredictions {
  /// An image, and how it is predicted.
  private struct Job: Sendable {
    let model: Model
    let image: Image
    let options: PredictOptions
    let expected: Found
  }

  /// What was found, apart from the time that it took.
  private struct Found: Hashable, Sendable {
    let instances: [Instance]
    let probabilities: [Float]?

    init(_ results: Results) {
      instances = results.instances
      probabilities = results.classification?.probabilities
    }

    var isEmpty: Bool { instances.isEmpty && probabilities == nil }
  }

  /// What the threads share.
  private final class Work: Sendable {
    let jobs: [Job]
    let count: Int
    let next = Atomic(0)
    let wrong = Atomic(0)

    init(jobs: [Job], count: Int) {
      self.jobs = jobs
      self.count = count
    }

    /// Predicts until all is done.
    func run() {
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        // A stride without a common factor: neighbors in time have other models and sizes.
        let job = jobs[index &* 7919 % jobs.count]
        let found = try? Found(job.model.predictBlocking(job.image, options: job.options))
        if found != job.expected { wrong.add(1, ordering: .relaxed) }
      }
    }
  }

  /// The parts that the memory is looked at after.
  private static let parts = 10

  /// Runs `predictions` predictions on `threads` threads and prints a line for each tenth.
  static func run(_ paths: [String], threads: Int, predictions: Int) throws {
    let jobs = try jobs(paths)
    for part in 1...parts {
      let work = Work(jobs: jobs, count: predictions / parts)
      let handles = (0..<threads).map { _ -> pthread_t in
        var handle = pthread_t()
        let status = pthread_create(
          &handle, nil,
          { pointer in
            pointer.map { Unmanaged<Work>.fromOpaque($0).takeRetainedValue().run() }
            return nil
          }, Unmanaged.passRetained(work).toOpaque())
        precondition(status == 0, "a thread can be made")
        return handle
      }
      for handle in handles { pthread_join(handle, nil) }
      let wrong = work.wrong.load(ordering: .relaxed)
      print(
        "part predictions=\(work.count * part) wrong=\(wrong) resident=\(InferenceProbe.residentBytes())"
          + " jobs=\(jobs.count) found=\(jobs.count { !$0.expected.isEmpty })")
    }
  }

  /// Creates images and sizes for each model, and predicts each alone.
  private static func jobs(_ paths: [String]) throws -> [Job] {
    let models = try paths.map { try Model(path: $0, options: RuntimeOptions(planLimit: 3)) }
    var jobs = [Job]()
    for side in [96, 128, 160, 224] {
      for (index, size) in [(97, 64), (160, 200), (301, 120)].enumerated() {
        for model in models {
          let image = noise(width: size.0, height: size.1, seed: UInt32(side + index))
          let options = try PredictOptions(
            imageSize: Size(width: side, height: side), confidence: 0.05,
            isRectangular: index != 1)
          jobs.append(
            Job(
              model: model, image: image, options: options,
              expected: Found(try model.predictBlocking(image, options: options))))
        }
      }
    }
    return jobs
  }

  /// An image of colored blocks.
  private static func noise(width: Int, height: Int, seed: UInt32) -> Image {
    var state = seed
    let colors = (0..<3 * 32 * 32).map { _ -> UInt8 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
    var pixels = [UInt8]()
    for y in 0..<height {
      for x in 0..<width {
        let block = 3 * (y / 12 % 32 * 32 + x / 12 % 32)
        pixels += colors[block..<block + 3]
      }
    }
    return Image(knownSize: Size(width: width, height: height), pixels: pixels)
  }
}
