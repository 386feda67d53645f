import Dispatch
import Glibc
import YOLO
import YOLOGraph
import YOLOImage
import YOLOOptions

/// Counts what inference allocates and retains, and looks at the memory that it keeps.
///
/// A program of its own, since it replaces the allocator. Prints lines of a name and numbers.
@main
enum InferenceProbe {
  static func main() throws {
    Counter.prepare()
    guard ReferenceCounting.prepare() else {
      print("unsupported")
      return
    }
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "runner" {
      RunnerTiming.run()
      return
    }
    if arguments.first == "concurrent", arguments.count > 3, let threads = Int(arguments[2]),
      let predictions = Int(arguments[3])
    {
      try ConcurrentPredictions.run(
        Array(arguments.dropFirst(3)), threads: threads, predictions: predictions)
      return
    }
    guard let mode = arguments.first, arguments.count == (mode == "memory" ? 5 : 4),
      let side = Int(arguments[3]), let threads = Int(arguments[4])
    else {
      print("usage: InferenceProbe count CHECKPOINT SIDE THREADS")
      print("       InferenceProbe memory CHECKPOINT SIDE THREADS INFERENCES")
      print("       InferenceProbe concurrent THREADS PREDICTIONS CHECKPOINT…")
      print("       InferenceProbe runner")
      exit(64)
    }
    if mode == "memory" {
      try memory(
        arguments[2], side: side, threads: threads, inferences: Int(arguments[5]) ?? 0)
    } else {
      try count(arguments[2], side: side, threads: threads)
    }
  }

  private static func report(_ name: String, _ counts: [Int]) {
    let values = zip(Counter.allCases, counts).map { "\($0)=\($1)" }
    print(name, values.joined(separator: " "))
  }

  /// The runs that are counted.
  private static let runs = 10

  private static func count(_ path: String, side: Int, threads: Int) throws {
    let model = try Model(path: path, options: RuntimeOptions(threads: threads))
    let options = try PredictOptions(
      imageSize: Size(width: side, height: side), isRectangular: false)
    let plan = try model.plan(for: Size(width: side, height: side), options: options)
    let session = Session()
    nonisolated(unsafe) var kept: AnyObject?
    func infer(extra: Bool = false) {
      session.run(plan) { _, base, layout in
        var values = base
        for _ in 0..<layout.height {
          for index in 0..<layout.width * layout.pixelStride { values[index] = Float(index % 7) }
          values += layout.rowStride
        }
        // One object and one reference more, which the counters must see.
        if extra { kept = Extra(model) }
      } body: { _ in
      }
    }
    for _ in 0..<5 { infer() }
    func counted(_ name: String, _ body: () -> Void) {
      let counts = Counter.counting(references: true, onThisThread: threads == 1) {
        for _ in 0..<runs { body() }
      }
      report(name, counts)
    }
    counted("inference") { infer() }
    counted("control") { infer(extra: true) }
    DispatchQueue.concurrentPerform(iterations: threads) { _ in }
    counted("fork") { DispatchQueue.concurrentPerform(iterations: threads) { _ in } }
    withExtendedLifetime(kept) {}
  }

  private final class Extra {
    let model: Model
    @inline(never) init(_ model: Model) { self.model = model }
  }

  /// Predicts images of 40 shapes in turn, which need more plans than the three that are kept, and
  /// reports the memory after each whole turn, when all is as it was after the turn before.
  private static func memory(
    _ path: String, side: Int, threads: Int, inferences: Int
  ) throws {
    let model = try Model(path: path, options: RuntimeOptions(threads: threads, planLimit: 3))
    let options = try PredictOptions(
      imageSize: Size(width: side, height: side), confidence: 0.01, isRectangular: true)
    var shapes = [(width: Int, height: Int)]()
    for step in 0..<20 {
      shapes.append((width: 40 + 8 * step, height: 200))
      shapes.append((width: 200, height: 37 + 8 * step))
    }
    var done = 0
    var live = 0
    var turn = 0
    while done < inferences || turn < 4 {
      let counts = try Counter.counting(references: false) {
        for shape in shapes {
          let image = Image(
            knownSize: Size(width: shape.width, height: shape.height), gray: UInt8(done % 256))
          _ = try model.predictBlocking(image, options: options)
          done += 1
        }
      }
      live += counts[Counter.allocations.rawValue] - counts[Counter.frees.rawValue]
      turn += 1
      print("turn inferences=\(done) live=\(live) resident=\(residentBytes())")
    }
  }

  /// The bytes of memory that this process occupies.
  static func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return -1 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return -1 }
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let words = text.split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? -1) * sysconf(Int32(_SC_PAGESIZE)) : -1
  }
}
