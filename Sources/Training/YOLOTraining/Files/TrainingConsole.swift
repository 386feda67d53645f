public import YOLOGeometry
public import YOLOMetrics
import YOLOSystem

/// The lines that a training prints, with the columns that users of Ultralytics know.
public struct TrainingConsole: Sendable, Hashable {
  /// The names of the losses.
  public let lossNames: [String]
  /// The task.
  public let task: VisionTask

  /// Creates the lines of a task and its losses.
  public init(task: VisionTask, lossNames: [String]) {
    self.task = task
    self.lossNames = lossNames
  }

  /// The names of the columns of an epoch, after an empty line.
  public var header: String {
    let names = ["Epoch", "GPU_mem"] + lossNames + ["Instances", "Size"]
    return "\n" + names.map { Self.right($0, 11) }.joined() + "\n"
  }

  /// Returns the line of an epoch so far, without a line feed: it is shown again and again.
  ///
  /// - Parameters:
  ///   - epoch: The epoch, counted from 1.
  ///   - epochs: The number of epochs.
  ///   - losses: The means over the epoch so far.
  ///   - instances: The labels in the batch.
  ///   - side: The width of the batch in pixels.
  ///   - batch: The batches done.
  ///   - batches: The number of batches.
  ///   - seconds: The seconds since the epoch began.
  /// - Returns: The columns, a bar and the time.
  public func progress(
    epoch: Int, epochs: Int, losses: [Double], instances: Int, side: Int, batch: Int,
    batches: Int, seconds: Double
  ) -> String {
    let numbers = losses + [Double(instances), Double(side)]
    let columns =
      Self.right("\(epoch)/\(epochs)", 11) + Self.right("0G", 11)
      + numbers.map { Self.right(Self.general($0, digits: 4), 11) }.joined()
    return "\(columns): \(Self.bar(batch, of: batches, seconds: seconds))"
  }

  /// Returns a bar with a count, the rate, the time and that which is left.
  static func bar(_ done: Int, of total: Int, seconds: Double) -> String {
    let width = 12
    let total = max(total, 1)
    let done = min(max(done, 0), total)
    let filled = done * width / total
    var line =
      Self.right("\(done * 100 / total)%", 4) + " " + String(repeating: "━", count: filled)
      + String(repeating: "─", count: width - filled) + " \(done)/\(total)"
    guard done > 0, seconds > 0 else { return line }
    let rate = Double(done) / seconds
    line += rate >= 1 ? " \(rate.fixed(1))it/s" : " \((1 / rate).fixed(1))s/it"
    line += " " + Self.time(seconds)
    if done < total { line += "<" + Self.time(Double(total - done) / rate) }
    return line
  }

  private static func time(_ seconds: Double) -> String {
    guard seconds >= 60 else { return "\(seconds.fixed(1))s" }
    let whole = Int(min(seconds, 1e9))
    let (minutes, rest) = (whole / 60 % 60, whole % 60)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return whole < 3600
      ? "\(minutes):\(two(rest))" : "\(whole / 3600):\(two(minutes)):\(two(rest))"
  }

  /// The names of the columns of an evaluation.
  public var evaluationHeader: String {
    if task == .classify {
      return ["classes", "top1_acc", "top5_acc"].enumerated()
        .map { Self.right($1, $0 == 0 ? 22 : 11) }.joined() + "\n"
    }
    let kinds: [String] =
      switch task {
      case .segment: ["Box", "Mask"]
      case .pose: ["Box", "Pose"]
      case .detect, .obb, .classify, .semantic, .depth: ["Box"]
      }
    let names =
      ["Images", "Instances"] + kinds.flatMap { ["\($0)(P", "R", "mAP50", "mAP50-95)"] }
    return Self.right("Class", 22) + names.map { Self.right($0, 11) }.joined() + "\n"
  }

  /// Returns a row of an evaluation.
  ///
  /// - Parameters:
  ///   - name: The name of a class, or `all`.
  ///   - images: The images with the class; nil for classification.
  ///   - instances: The labels of the class; nil for classification.
  ///   - figures: The figures in the order of the header.
  /// - Returns: The row with a line feed.
  public func evaluationRow(
    _ name: String, images: Int?, instances: Int?, figures: [Double]
  ) -> String {
    let counts = [images, instances].compactMap { $0 }.map { Self.right("\($0)", 11) }
    return Self.right(name.sanitized(), 22) + counts.joined()
      + figures.map { Self.right(Self.general($0, digits: 3), 11) }.joined() + "\n"
  }

  /// Returns the row of all classes of an evaluation, with a line feed.
  public func evaluationRow(_ report: EvaluationReport) -> String {
    evaluationRow(
      "all", images: report.images, instances: report.instances,
      figures: [report.boxes, report.details].compactMap { $0 }.flatMap {
        [$0.precision, $0.recall, $0.averagePrecision50, $0.averagePrecision]
      })
  }

  /// Returns what a training begins with, line by line, with line feeds.
  public static func beginning(_ start: TrainingEvent.Start) -> String {
    let lines = [
      start.transfer?.line, start.optimizer,
      "\(start.parameters) parameters, \(start.images) images",
    ]
    return lines.compactMap { $0.map { "\($0)\n" } }.joined()
  }

  /// Returns the last line of a training: how many epochs took how many hours.
  public static func completion(epochs: Int, seconds: Double) -> String {
    "\n\(epochs) epochs completed in \((seconds / 3600).fixed(3)) hours.\n"
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  /// Returns a number as C's format `%.Ng` has it.
  static func general(_ value: Double, digits: Int) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    // SAFETY: at most the 64 characters of the buffer are written, the last of them zero.
    _ = withVaList([Int32(digits), value]) { vsnprintf(&buffer, buffer.count, "%.*g", $0) }
    return String(
      decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
