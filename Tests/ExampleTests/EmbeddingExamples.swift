import Dispatch
import Foundation
import Testing
import YOLO
import YOLODrawing
import YOLOFoundation
import YOLOImageIO

/// The examples of the documentation about embedding: what stands between two marks is a code block
/// there.
@Suite struct EmbeddingExamples {
  private static let weights = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Weights")

  static func file(_ name: String) -> String { weights.appending(path: name).path }

  /// Collects what an example prints.
  final class Output {
    var lines: [String] = []
    func print(_ values: Any...) { lines.append(values.map { "\($0)" }.joined(separator: " ")) }
  }

  @Test func first() async throws {
    let (checkpoint, photo) = (Self.file("shapes-detect.pt"), Self.file("shapes.jpg"))
    let output = Output()
    func print(_ values: Any...) { output.print(values) }
    // example: first
    let model = try Model(path: checkpoint)
    let image = try ImageReader.read(contentsOf: photo)
    for instance in try await model.predict(image) {
      print(instance.className, instance.confidence, instance.box)
    }
    // end
    #expect(output.lines.count == 7 && output.lines[0].contains("ring"))
  }

  @Test func start() async throws {
    let (checkpoint, photo) = (Self.file("shapes-detect.pt"), Self.file("shapes.jpg"))
    let output = Output()
    func print(_ values: Any...) { output.print(values) }
    // example: start
    let model = try Model(path: checkpoint)
    let results = try await model.predict(ImageSource(path: photo))
    for instance in results {
      print(instance.className, instance.confidence, instance.box)
    }
    // end
    #expect(output.lines.count == 7)
  }

  @Test func channels() async throws {
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/channels")
    let checkpoint = fixtures.appending(path: "channels-10.pt").path
    let scene = fixtures.appending(path: "channels-10.npy").path
    // example: channels
    let model = try Model(path: checkpoint)
    let image = try ImageReader.read(contentsOf: scene, channels: model.channels)
    let results = try await model.predict(image)
    // end
    #expect(image.channels == 10 && !results.isEmpty)
  }

  @Test func load() throws {
    let copy = FileManager.default.temporaryDirectory.appending(
      path: "example-\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: copy) }
    let (checkpoint, safetensors) = (Self.file("shapes-detect.pt"), copy.path)
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: checkpoint)))
    try Model(path: checkpoint).checkpoint.writeSafetensors(to: safetensors)
    // example: load
    let fromFile = try Model(path: checkpoint)
    let fromBytes = try Model(bytes: bytes, named: "uploaded model")
    let fromSafetensors = try Model(path: safetensors)
    // end
    #expect([fromFile, fromBytes, fromSafetensors].allSatisfy { $0.task == .detect })
  }

  @Test func images() throws {
    let (photo, width, height, rowStride) = (Self.file("shapes.jpg"), 4, 2, 20)
    let upload = [UInt8](try Data(contentsOf: URL(filePath: photo)))
    let frame = [UInt8](repeating: 7, count: rowStride * height)
    // example: images
    let fromFile = try ImageReader.read(contentsOf: photo)
    let fromBytes = try ImageReader.decode(upload, named: "upload 17")
    let fromCamera = try Image(
      bytes: frame, size: Size(width: width, height: height), format: .bgra, rowStride: rowStride)
    // end
    #expect(fromFile == fromBytes && fromCamera.size == Size(width: 4, height: 2))
  }

  @Test func crops() throws {
    let image = try ImageReader.read(contentsOf: Self.file("shapes.jpg"))
    let boxes = [Box(x1: 10, y1: 20, x2: 50, y2: 90), Box(x1: -9, y1: 0, x2: -5, y2: 9)]
    // example: crops
    let crops = boxes.compactMap { PixelRectangle(around: $0, in: image.size) }.map { rectangle in
      image.withView(of: rectangle) { view in view.resized(to: Size(width: 64, height: 128)) }
    }
    // end
    #expect(crops.map(\.width) == [64])
  }

  @Test func results() async throws {
    let output = Output()
    func print(_ values: Any...) { output.print(values) }
    for task in ["detect", "segment", "pose", "obb", "classify"] {
      let model = try Model(path: Self.file("shapes-\(task).pt"))
      let image = try ImageReader.read(
        contentsOf: Self.file(task == "detect" ? "shapes.jpg" : "shapes-\(task).jpg"))
      // example: results
      let results = try await model.predict(image)
      for instance in results {
        print(instance.className, instance.confidence, instance.box.center)
      }
      for (instance, mask, outline) in results.segmentations {
        print(instance.box, mask.area, outline.points.count)
      }
      for (instance, keypoints) in results.poses { print(instance.box, keypoints.map(\.point)) }
      for (instance, box) in results.orientedBoxes { print(instance.className, box.angle) }
      if let best = results.classification?.top1 { print(best.className, best.confidence) }
      // end
      #expect(!output.lines.isEmpty, "\(task)")
      output.lines = []
    }
  }

  @Test func options() async throws {
    let (model, image) = (
      try Model(path: Self.file("shapes-detect.pt")),
      try ImageReader.read(contentsOf: Self.file("shapes.jpg"))
    )
    // example: options
    let options = try PredictOptions(
      imageSize: Size(width: 320, height: 320), confidence: 0.5, iouThreshold: 0.6, classes: [0, 3])
    let named = try options.with {
      $0.classes = nil
      $0.classNames = ["ring", "star"]
    }
    let results = try await model.predict(image, options: named)
    // end
    #expect(!results.isEmpty)
    #expect(
      results.allSatisfy { $0.confidence > 0.5 && ["ring", "star"].contains($0.className) })
  }

  @Test func runtime() throws {
    let checkpoint = Self.file("shapes-detect.pt")
    // example: runtime
    let model = try Model(
      path: checkpoint,
      options: RuntimeOptions(
        backend: .native, instructionSet: .best, threads: 1, concurrency: 2, planLimit: 4))
    // end
    #expect(model.options.threads == 1)
  }

  @Test func awaited() async throws {
    let model = try Model(path: Self.file("shapes-detect.pt"))
    let upload = [UInt8](try Data(contentsOf: URL(filePath: Self.file("shapes.jpg"))))
    // example: awaited
    let results = try await model.predict(source: "upload 17") {
      try ImageReader.decode(upload, named: "upload 17")
    }
    // end
    #expect(results.count == 7 && results.source == "upload 17")
  }

  @Test func many() async throws {
    let model = try Model(path: Self.file("shapes-detect.pt"))
    let images = try ["shapes.jpg", "shapes-obb.jpg"].map {
      try ImageReader.read(contentsOf: Self.file($0))
    }
    // example: many
    let results = try await model.predict(batch: images)
    // end
    #expect(results.map(\.imageSize) == images.map(\.size))
  }

  @Test func stream() async throws {
    let model = try Model(path: Self.file("shapes-detect.pt"))
    let photo = try ImageReader.read(contentsOf: Self.file("shapes.jpg"))
    let camera = AsyncStream<Image> { continuation in
      for _ in 0..<5 { continuation.yield(photo) }
      continuation.finish()
    }
    var counts = [Int]()
    // example: stream
    for try await results in model.predictions(of: camera) {
      counts.append(results.count)
    }
    // end
    #expect(counts == [7, 7, 7, 7, 7])
  }

  @Test func cancellation() async throws {
    let model = try Model(
      path: Self.file("shapes-detect.pt"), options: RuntimeOptions(concurrency: 1))
    let image = try ImageReader.read(contentsOf: Self.file("shapes.jpg"))
    // Another prediction is under way until the end.
    let (begun, mayEnd) = (AsyncStream<Void>.makeStream(), DispatchSemaphore(value: 0))
    let other = Task {
      try await model.predict {
        begun.continuation.finish()
        mayEnd.wait()
        return image
      }
    }
    for await _ in begun.stream {}
    var wasCancelled = false
    // example: cancellation
    let task = Task { try await model.predict(image) }
    task.cancel()
    do {
      _ = try await task.value
    } catch is CancellationError {
      wasCancelled = true
    }
    // end
    mayEnd.signal()
    #expect(wasCancelled)
    #expect(try await other.value.count == 7)
  }

  @Test func files() async throws {
    let model = try Model(path: Self.file("shapes-detect.pt"))
    let paths = ["shapes.jpg", "shapes-detect.pt", "shapes-obb.jpg"].map { Self.file($0) }
    let output = Output()
    func print(_ values: Any...) { output.print(values) }
    // example: files
    for await (source, result) in model.predictions(of: paths.lazy.map { ImageSource(path: $0) }) {
      switch result {
      case .success(let results): print(source, results.count)
      case .failure(let error): print("error: \(error)")
      }
    }
    // end
    try #require(output.lines.count == 3)
    #expect(output.lines[0].contains("shapes.jpg") && output.lines[2].contains("shapes-obb.jpg"))
    #expect(output.lines[1].contains("error: ") && output.lines[1].contains("shapes-detect.pt"))
  }

  /// Each kind of error is caught where its type is named.
  @Test(arguments: [
    ("missing.pt", "shapes.jpg", "no such file: "), ("shapes.jpg", "shapes.jpg", "no model that"),
    ("shapes-detect.pt", "missing.jpg", "no image: "), ("shapes-detect.pt", "shapes.jpg", "{"),
  ]) func errors(_ checkpoint: String, _ photo: String, _ expected: String) async throws {
    let (checkpoint, photo) = (Self.file(checkpoint), Self.file(photo))
    let output = Output()
    func print(_ text: String) { output.lines.append(text) }
    // example: errors
    do {
      let model = try Model(path: checkpoint)
      let results = try await model.predict(ImageSource(path: photo))
      print(results.json)
    } catch let error as YOLOError {
      switch error.code {
      case .unreadable: print("no such file: \(error.message)")
      case .checkpoint, .model: print("no model that runs: \(error.message)")
      default: print(error.message)
      }
    } catch let error as ImageIOError {
      print("no image: \(error)")
    }
    // end
    #expect(output.lines.count == 1 && output.lines[0].hasPrefix(expected), "\(output.lines)")
  }

  @Test func foundation() async throws {
    let (checkpoint, photo) = (
      Self.weights.appending(path: "shapes-detect.pt"), Self.weights.appending(path: "shapes.jpg")
    )
    let uploads = [photo, checkpoint]
    let output = Output()
    func print(_ values: Any...) { output.print(values) }
    // example: foundation
    let model = try Model(contentsOf: checkpoint)
    let results = try await model.predict(contentsOf: photo)
    let body = results.jsonData
    for await (source, result) in model.predictions(contentsOf: uploads) {
      if case .failure(let error) = result { print(source, error.localizedDescription) }
    }
    // end
    #expect(body == Data(results.json.utf8) && output.lines.count == 1)
  }

  @Test func output() async throws {
    let model = try Model(path: Self.file("shapes-detect.pt"))
    let image = try ImageReader.read(contentsOf: Self.file("shapes.jpg"))
    let path = FileManager.default.temporaryDirectory.appending(
      path: "example-\(UUID().uuidString).png"
    ).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    // example: output
    let results = try await model.predict(image, source: "shapes.jpg")
    let line = results.jsonLine()
    let encoded = try JSONEncoder().encode(results)
    var options = DrawingOptions()
    options.showsConfidences = false
    try ImageWriter.write(results.drawn(on: image, options: options), to: path)
    // end
    #expect(line.starts(with: Array("{\"source\":\"shapes.jpg\"".utf8)))
    #expect(!encoded.isEmpty && results.json.hasPrefix("{\"results\":[{\"class\":"))
  }
}
