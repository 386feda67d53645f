import Dispatch
import Foundation
import Synchronization
import Testing
import YOLO
import YOLOImageIO

/// Many images, of which some are bad.
@Suite struct PredictionOutcomeTests {
  private static let paths = ["images/odd.png", "images/even.png"].map { GoldenCase.url($0).path }

  private static func model(concurrency: Int) throws -> Model {
    try Model(
      path: GoldenCase.url("checkpoints/tiny-detect.pt").path,
      options: RuntimeOptions(threads: 1, concurrency: concurrency))
  }

  private static func options() throws -> PredictOptions {
    try PredictOptions(imageSize: Size(width: 96, height: 96), confidence: 0.01)
  }

  @Test(arguments: [1, 2, 5]) func aBadImageDoesNotEndTheRest(concurrency: Int) async throws {
    let (model, options) = (try Self.model(concurrency: concurrency), try Self.options())
    let image = try ImageReader.read(contentsOf: Self.paths[1])
    let sources = [
      ImageSource(path: Self.paths[0]), ImageSource(path: "/nowhere.jpg"),
      ImageSource(image, named: "camera"), ImageSource(bytes: [1, 2, 3], named: "upload"),
      ImageSource("thrown") { throw BadSource() }, ImageSource(path: Self.paths[1]),
    ]
    var names = [String]()
    var found = [[Instance]?]()
    for await (source, result) in model.predictions(of: sources, options: options) {
      names.append(source)
      switch result {
      case .success(let results):
        #expect(results.source == source)
        found.append(results.instances)
      case .failure(let error):
        #expect(source == "thrown" ? error is BadSource : error is ImageIOError)
        found.append(nil)
      }
    }
    #expect(names == sources.map(\.name))
    let expected = try Self.paths.map {
      try model.predictBlocking(try ImageReader.read(contentsOf: $0), options: options).instances
    }
    #expect(found == [expected[0], nil, expected[1], nil, nil, expected[1]])
    let one = try await model.predict(sources[0], options: options)
    #expect(one.instances == expected[0] && one.source == Self.paths[0])
  }

  private struct BadSource: Error {}

  /// A wrong option is the outcome of each image.
  @Test func errorsOfThePredictionAreOutcomes() async throws {
    let (model, options) = (try Self.model(concurrency: 2), try PredictOptions(classes: [999]))
    var codes = [YOLOError.Code?]()
    let sources = Self.paths.map { ImageSource(path: $0) }
    for await (_, result) in model.predictions(of: sources, options: options) {
      #expect(throws: YOLOError.self) { try result.get() }
      if case .failure(let error as YOLOError) = result { codes.append(error.code) }
    }
    #expect(codes == [.option, .option])
  }

  /// Counts the sources that are taken from a sequence that never ends.
  private final class Counter: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
  }

  private static func endless(_ taken: Counter) throws -> some Sequence<ImageSource> {
    let image = try Image(size: Size(width: 40, height: 30), gray: 90)
    return sequence(first: 0) { $0 + 1 }.lazy.map { index in
      taken.add()
      return ImageSource(image, named: "\(index)")
    }
  }

  @Test(arguments: [1, 3]) func fewAreTakenInAdvance(concurrency: Int) async throws {
    let (model, options) = (try Self.model(concurrency: concurrency), try Self.options())
    let taken = Counter()
    let sources = try Self.endless(taken)
    var given = 0
    for await (source, result) in model.predictions(of: sources, options: options) {
      #expect(source == "\(given)")
      #expect(throws: Never.self) { try result.get() }
      given += 1
      #expect(taken.count <= given + concurrency - 1)
      if given == 20 { break }
    }
    #expect(given == 20)
  }

  /// After a cancellation each source that was taken has its outcome, and no further one is taken.
  @Test func cancellationEndsAnEndlessSequence() async throws {
    let model = try Self.model(concurrency: 1)
    // Another prediction occupies the model until the end.
    let (begun, mayEnd) = (AsyncStream<Void>.makeStream(), DispatchSemaphore(value: 0))
    let other = Task {
      try await model.predict {
        begun.continuation.finish()
        mayEnd.wait()
        return try Image(size: Size(width: 40, height: 30), gray: 90)
      }
    }
    for await _ in begun.stream {}
    let taken = Counter()
    let task = Task {
      var failures = 0
      for await (_, result) in model.predictions(of: try Self.endless(taken)) {
        #expect(throws: CancellationError.self) { try result.get() }
        failures += 1
      }
      return failures
    }
    task.cancel()
    #expect(try await task.value == taken.count && taken.count <= 1)
    mayEnd.signal()
    _ = try await other.value
  }
}
