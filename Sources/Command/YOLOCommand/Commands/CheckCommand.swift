public import ArgumentParser
import JSONText
import Synchronization
import YOLODatasets
public import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOSystem

extension VisionTask: ExpressibleByArgument {}

/// `yolo check`: looks at every image and every label of a dataset.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Looks for faults in a dataset: in its description, images and labels.",
    discussion: """
      A dataset is a data.yaml in YOLO format, or for a classifier a directory with train/CLASS/IMAGE. \
      Every image is decoded, every row of every label file read. Each fault is a line with file, line \
      and reason: an error means that the set or the image cannot be used, a warning that it can, but \
      hardly as it was meant.

      Ends with exit code 65 if there are errors.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  @Argument(help: ArgumentHelp("A data.yaml, or a directory.", valueName: "data"))
  var data: String

  @Option(
    name: .long,
    help:
      "What the labels are for: \(VisionTask.labeled.map(\.rawValue).joined(separator: ", ")); told by description and labels if not given."
  )
  var task: VisionTask?

  @Option(name: .long, help: "How the faults are printed: text, json.")
  var format = Format.text

  func run() throws {
    try reporting {
      let progress = Mutex<ProgressBar?>(nil)
      let check = try DatasetCheck(
        path: data, task: task, maximumImageBytes: ImageLimits().maximumBytes,
        size: { bytes, path in try ImageReader.decode(bytes, named: path).size },
        progress: { total in
          progress.withLock { bar in
            bar = bar ?? ProgressBar(total: total)
            bar?.advance()
          }
        })
      progress.withLock { $0?.clear() }
      let report = CheckReport(data: data, check: check)
      switch format {
      case .text: StandardOutput.write(report.text)
      case .json: StandardOutput.write(report.json)
      }
      if !check.isSound { throw ExitCode(ExitStatus.damagedInput.rawValue) }
    }
  }
}

/// The faults of a check, as text and as JSON.
struct CheckReport {
  let data: String
  let check: DatasetCheck

  /// A line for each fault, then a table of the parts.
  var text: String {
    var lines = check.faults.map { "\($0.severity.rawValue): \($0.message.sanitized())\n" }
    if check.omittedFaults > 0 { lines.append("and \(check.omittedFaults) more\n") }
    var table = TextTable(["split", "images", "labeled", "instances", "faulty"], leftColumns: 1)
    for split in check.splits {
      table.append([
        split.split, "\(split.images)", "\(split.labeledImages)", "\(split.instances)",
        "\(split.faultyImages)",
      ])
    }
    let errors = check.faults.count { $0.severity == .error }
    let warnings = check.faults.count - errors
    return lines.joined() + table.text
      + "\(check.task), \(check.names.count) classes: \(errors) errors, \(warnings) warnings\n"
  }

  /// `{"data","task","splits","classes","faults","omittedFaults"}`.
  var json: [UInt8] {
    var writer = JSONWriter()
    writer.value(
      .object([
        JSONMember("data", .string(data)),
        JSONMember("task", .string(check.task.rawValue)),
        JSONMember(
          "splits",
          .array(
            check.splits.map { split in
              .object([
                JSONMember("split", .string(split.split)),
                JSONMember("images", .int(split.images)),
                JSONMember("labeledImages", .int(split.labeledImages)),
                JSONMember("instances", .int(split.instances)),
                JSONMember("faultyImages", .int(split.faultyImages)),
              ])
            })),
        JSONMember(
          "classes",
          .array(
            zip(check.names, check.instancesOfClass).map { name, count in
              .object([
                JSONMember("name", .string(name)), JSONMember("instances", .int(count)),
              ])
            })),
        JSONMember(
          "faults",
          .array(
            check.faults.map { fault in
              .object([
                JSONMember("severity", .string(fault.severity.rawValue)),
                JSONMember("kind", .string(fault.kind.rawValue)),
                JSONMember("path", .string(fault.path)),
                JSONMember("line", fault.line.map { .int($0) } ?? .null),
                JSONMember("message", .string(fault.message)),
              ])
            })),
        JSONMember("omittedFaults", .int(check.omittedFaults)),
      ]))
    return writer.takeBytes() + [UInt8(ascii: "\n")]
  }
}
