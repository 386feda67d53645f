import JSONText
import Synchronization
import YOLO
import YOLOGeometry
import YOLOPostprocess
import YOLOSystem

/// Which frame of a video or stream an image is.
struct FramePosition {
  /// What results call the video.
  let source: String
  /// The number of the frame in the video, from 1.
  let number: Int
  /// The seconds from the first frame, if they are known.
  let seconds: Double?

  /// What results call the frame.
  var name: String { "\(source) frame \(number)" }

  /// The time to the microsecond.
  private var roundedSeconds: Double? { seconds.map { ($0 * 1e6).rounded() / 1e6 } }

  /// The members of a JSON object.
  var members: [JSONMember] {
    [JSONMember("video", .string(source)), JSONMember("frame", .int(number))]
      + (roundedSeconds.map { [JSONMember("time", .double($0))] } ?? [])
  }

  /// The values of the columns `frame` and `time`.
  var values: [String] { ["\(number)", roundedSeconds.map { "\($0)" } ?? ""] }
}

/// Prints predictions as they come, in one of the formats of `yolo predict`.
///
/// Several streams may print at once.
final class ResultOutput: Sendable {
  private struct State {
    var report: ResultReport
    var count = 0
    var failures = 0
  }

  private let format: PredictCommand.Format
  private let isNormalized: Bool
  /// Whether entries of the JSON tell their source.
  private let isNamed: Bool
  private let task: VisionTask
  private let state: Mutex<State>

  /// Starts the output.
  ///
  /// - Parameters:
  ///   - format: The format.
  ///   - isNormalized: Whether coordinates are divided by the image's width and height.
  ///   - isNamed: Whether entries of `json` tell their source: not for a single image, whose answer
  ///     is that of the HUB inference API.
  ///   - task: The task of the model.
  init(format: PredictCommand.Format, isNormalized: Bool, isNamed: Bool, task: VisionTask) {
    self.format = format
    self.isNormalized = isNormalized
    self.isNamed = isNamed
    self.task = task
    state = Mutex(State(report: ResultReport(isNormalized: isNormalized)))
    if format == .csv {
      StandardOutput.write(
        Results.csvHeader(of: task, members: ["source", "frame", "time"]))
    }
  }

  /// Whether there was a result.
  var hasResults: Bool { state.withLock { $0.count > 0 } }

  /// Prints the results of an image, or of a frame.
  func write(_ results: Results, at frame: FramePosition? = nil) {
    state.withLock { state in
      state.count += 1
      switch format {
      case .text: StandardOutput.write(results.text)
      case .ndjson:
        var json = JSONWriter()
        results.write(to: &json, isNormalized: isNormalized, members: members(results, frame))
        StandardOutput.write(json.takeBytes() + [UInt8(ascii: "\n")])
      case .json:
        state.report.append(results, members: isNamed ? members(results, frame) : [])
        StandardOutput.write(state.report.takeBytes())
      case .csv:
        let values = [frame?.source ?? results.source] + (frame?.values ?? ["", ""])
        StandardOutput.write(
          Array(results.csv(members: values, isNormalized: isNormalized).utf8))
      }
    }
  }

  private func members(_ results: Results, _ frame: FramePosition?) -> [JSONMember] {
    [JSONMember("source", .string(results.source))] + (frame?.members ?? [])
  }

  /// Keeps the place of a source without results in the list of the JSON.
  func fail(_ name: String, _ error: any Error) {
    guard format == .json, isNamed else { return }
    state.withLock { state in
      state.failures += 1
      state.report.append([
        JSONMember("source", .string(name)),
        JSONMember("error", .string(PathText.printable("\(error)"))),
      ])
      StandardOutput.write(state.report.takeBytes())
    }
  }

  /// Ends the output; `path` is that of the model.
  func finish(model path: String) {
    guard format == .json else { return }
    state.withLock { state in
      var members = [JSONMember("imageCount", .int(state.count))]
      if isNamed { members.append(JSONMember("errorCount", .int(state.failures))) }
      members += [
        JSONMember("model", .string(PathText.printable(FilePath.name(of: path)))),
        JSONMember("task", .string(task.rawValue)),
        JSONMember("version", .object([JSONMember("yolo", .string(Version.current))])),
      ]
      state.report.finish(metadata: members)
      StandardOutput.write(state.report.takeBytes() + [UInt8(ascii: "\n")])
    }
  }
}
