import Dispatch
import Synchronization
import YOLO
import YOLOImage
import YOLOOptions
import YOLOPostprocess

/// Predictions of one image by several sessions of one model at once, measured.
struct SessionsRun {
  /// A stage of a prediction: its name, and how long it took in milliseconds.
  typealias Stage = (name: String, values: Measurements)

  private(set) var preprocess = Measurements()
  private(set) var inference = Measurements()
  private(set) var postprocess = Measurements()
  /// The images that all sessions together predicted in a second, from the first to the last.
  let throughput: Double

  /// The stages by the names that they have in a prediction's speed.
  var stages: [Stage] {
    [("preprocess", preprocess), ("inference", inference), ("postprocess", postprocess)]
  }

  /// Predicts `runs` times in each of `sessions` threads.
  init(
    _ model: Model, _ image: Image, options: PredictOptions, sessions: Int, runs: Int
  ) throws {
    // The first runs pay for pages and plans.
    _ = try Self.predict(model, image, options, sessions: sessions, runs: 3)
    let start = DispatchTime.now()
    let speeds = try Self.predict(model, image, options, sessions: sessions, runs: runs)
    let nanoseconds = DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds
    throughput = Double(speeds.count) / max(Double(nanoseconds) * 1e-9, 1e-9)
    for speed in speeds {
      preprocess.append(speed.preprocess)
      inference.append(speed.inference)
      postprocess.append(speed.postprocess)
    }
  }

  private static func predict(
    _ model: Model, _ image: Image, _ options: PredictOptions, sessions: Int, runs: Int
  ) throws -> [Speed] {
    let outcome = Mutex(Result<[Speed], any Error>.success([]))
    @Sendable func session() {
      let own = Result {
        try (0..<runs).map { _ in try model.predictBlocking(image, options: options).speed }
      }
      outcome.withLock { all in all = all.flatMap { before in own.map { before + $0 } } }
    }
    if sessions == 1 {
      session()
    } else {
      let group = DispatchGroup()
      for index in 0..<sessions {
        // A queue of its own has a thread of its own, however many processors there are.
        DispatchQueue(label: "session \(index)").async(group: group, execute: session)
      }
      group.wait()
    }
    return try outcome.withLock { $0 }.get()
  }
}
