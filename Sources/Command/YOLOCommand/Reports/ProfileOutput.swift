import ArgumentParser
import JSONText
import YOLOGraph
import YOLOImageIO
import YOLOInspection
import YOLOPlot
import YOLOSystem

/// Where `yolo benchmark --profile` writes.
struct ProfileOutput {
  private enum Form: String, CaseIterable {
    case svg
    case json
  }

  private let path: String
  /// Nil for no file.
  private let form: Form?
  private let files: OutputFiles

  init(_ path: String, files: OutputFiles) throws {
    self.path = path
    self.files = files
    guard path != "-" else {
      form = nil
      return
    }
    let suffix = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
    guard path.contains("."), let form = Form(rawValue: suffix) else {
      throw ValidationError(
        "profile must be a file that ends in .svg or .json, or -, but \(path) was given")
    }
    self.form = form
    try files.check(path)
  }

  /// Prints the steps to standard error, which the results do not go to, and writes the file.
  func write(_ profile: ModelProfile, title: String) throws(ImageIOError) {
    StandardError.write("\n" + Self.table(of: profile).sanitized(keepsLines: true))
    switch form {
    case nil: break
    case .svg:
      try files.write(ProfileChart(profile, title: title).svg, to: path)
    case .json:
      var json = JSONWriter()
      json.value(profile.json)
      try files.write(json.takeBytes() + [UInt8(ascii: "\n")], to: path)
    }
  }

  private static func table(of profile: ModelProfile) -> String {
    let total = profile.total
    var table = TextTable(
      ["path", "kind", "kernel", "output", "GFLOP", "ms", "share", "GFLOP/s"], leftColumns: 4)
    for step in profile.steps {
      table.append([
        step.path, step.kind.rawValue, step.kernel,
        step.output.map { "\($0)" }.joined(separator: "x"),
        (2e-9 * Double(step.macs)).fixed(3), step.median.fixed(3),
        "\((100 * step.median / max(total, 1e-9)).fixed(1)) %",
        step.median > 0 ? step.rate.fixed(0) : "",
      ])
    }
    let peak = profile.peak.map { "; a thread's peak: \($0.fixed(0)) GFLOP/s" } ?? ""
    return "\(table.text)\(total.fixed(2)) ms in \(profile.steps.count) steps\(peak)\n"
  }
}
