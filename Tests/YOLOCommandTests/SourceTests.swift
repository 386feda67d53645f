import Foundation
import Testing

/// The sources of `yolo predict`: each that is named or found has a result or an error by name.
@Suite struct SourceTests {
  private static let photo = Program.root.appending(path: "Tests/Fixtures/images/odd.png")
  private static let model = Program.root.appending(
    path: "Tests/Fixtures/checkpoints/tiny-detect.pt")

  private func predict(_ more: [String], in directory: URL) throws -> Program.Outcome {
    try Program.yolo(
      ["predict", "--model", Self.model.path, "--imgsz", "64", "--threads", "1"] + more,
      in: directory)
  }

  private func copy(_ names: [String], to directory: URL) throws {
    for name in names {
      let target = directory.appending(path: name)
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: Self.photo, to: target)
    }
  }

  /// The sources of the lines.
  private func sources(_ outcome: Program.Outcome) throws -> [String] {
    try outcome.output.split(separator: "\n").map { line in
      let value = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return value?["source"] as? String ?? ""
    }
  }

  private func entries(_ outcome: Program.Outcome) throws -> [[String: Any]] {
    let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    return try #require((value as? [String: Any])?["images"] as? [[String: Any]])
  }

  @Test func severalSourcesPatternsAndLists() throws {
    try Program.withDirectory { directory in
      try copy(
        ["a.png", "b.png", "d/c.png", "d/e/f.png", "d/.hidden.png", "x1.png", "x2.png"],
        to: directory)
      let ndjson = ["--format", "ndjson"]
      let two = try predict(["--source", "a.png", "--source", "b.png"] + ndjson, in: directory)
      #expect(two.status == 0, "\(two.errors)")
      #expect(try sources(two) == ["a.png", "b.png"])
      let shell = try predict(["--source", "b.png", "a.png"] + ndjson, in: directory)
      #expect(try sources(shell) == ["b.png", "a.png"])
      for (pattern, expected) in [
        ("x?.png", ["x1.png", "x2.png"]), ("x[2-9].png", ["x2.png"]), ("d/*.png", ["d/c.png"]),
        ("d/**/*.png", ["d/c.png", "d/e/f.png"]), ("d/**", ["d/c.png", "d/e/f.png"]),
        ("./[!a-x]*", []), ("*/*/f.png", ["d/e/f.png"]),
      ] {
        let outcome = try predict(["--source", pattern] + ndjson, in: directory)
        #expect(try sources(outcome) == expected, "\(pattern) \(outcome.errors)")
        #expect(outcome.status == (expected.isEmpty ? 66 : 0))
        if expected.isEmpty { #expect(outcome.errors.contains(pattern)) }
      }
      try Data("# a comment\n\na.png\r\n ../a.png\nd/*.png\nnowhere.png\n../b.png\n".utf8)
        .write(to: directory.appending(path: "d/list.txt"))
      let list = try predict(["--source", "d/list.txt"] + ndjson, in: directory)
      #expect(
        try sources(list) == ["a.png", "d/../a.png", "d/c.png", "d/../b.png"], "\(list.errors)")
      #expect(list.status == 66)
      #expect(list.errors.contains("nowhere.png") && list.errors.contains("line 6 of d/list.txt"))
      try Data("d/list.txt\n".utf8).write(to: directory.appending(path: "nested.txt"))
      let nested = try predict(["--source", "nested.txt"], in: directory)
      #expect(nested.status == 65 && nested.errors.contains("line 1 names another list"))
    }
  }

  /// Files that no decoder reads are errors by their names, and the others go on.
  @Test func everyFileOfADirectoryHasAResultOrAnError() throws {
    try Program.withDirectory { directory in
      try copy(["in/a.png", "in/b.PNG"], to: directory)
      let bad = ["c.bmp", "d.tiff", "e.avif", "f.heic", "g.dng", "h.jp2", "i.mpo"]
      for name in bad {
        try Data("nothing".utf8).write(to: directory.appending(path: "in/\(name)"))
      }
      for name in ["notes.txt", "labels.json", ".hidden.png"] {
        try Data("other".utf8).write(to: directory.appending(path: "in/\(name)"))
      }
      try FileManager.default.createDirectory(
        at: directory.appending(path: "in/dir.jpg"), withIntermediateDirectories: true)
      let quiet = try predict(["--source", "in", "--format", "ndjson"], in: directory)
      #expect(try sources(quiet) == ["in/a.png", "in/b.PNG"])
      #expect(quiet.status == 65)
      for name in bad { #expect(quiet.errors.contains(name), "\(name)") }
      #expect(!quiet.errors.contains("notes.txt"))
      #expect(quiet.errors.split(separator: "\n").count == bad.count)
      let verbose = try predict(["--source", "in", "--verbose"], in: directory)
      let line = verbose.errors.split(separator: "\n").first { $0.contains("notes.txt") }
      #expect(line?.contains("in/labels.json") == true && line?.contains("2 files") == true)
      let values = try #require(verbose.errors.split(separator: "\n").first)
      for value in ["imgsz 64", "conf 0.25", "iou 0.45", "max_det 300", "nms true"] {
        #expect(values.contains(value), "\(values)")
      }
      let mixed = try predict(
        ["--source", "nowhere.png", "--source", "in/a.png", "--format", "ndjson"], in: directory)
      #expect(mixed.status == 66 && mixed.errors.contains("nowhere.png"))
      #expect(try sources(mixed) == ["in/a.png"])
    }
  }

  /// Entries tell what they are of, failed ones, too; a single image has the answer of the HUB.
  @Test func entriesOfTheJSONHaveTheirSource() throws {
    try Program.withDirectory { directory in
      try copy(["in/a.png", "in/c.png"], to: directory)
      try Data("nothing".utf8).write(to: directory.appending(path: "in/b.jpg"))
      let json = ["--format", "json"]
      let all = try predict(["--source", "in", "nowhere.png"] + json, in: directory)
      #expect(all.status == 66)
      let images = try entries(all)
      #expect(
        images.map { $0["source"] as? String }
          == ["in/a.png", "in/b.jpg", "in/c.png", "nowhere.png"])
      #expect(images.map { $0["error"] != nil } == [false, true, false, true])
      #expect((images[1]["error"] as? String)?.contains("in/b.jpg") == true)
      #expect(images.map { $0["results"] != nil } == [true, false, true, false])
      #expect(all.output.contains("\"imageCount\":2,\"errorCount\":2"))
      for single in [["--source", "in/a.png"], ["--source", "in/a.p*"]] {
        let one = try predict(single + json, in: directory)
        let image = try #require(try entries(one).first)
        #expect(Set(image.keys) == ["results", "shape", "speed"])
        #expect(one.output.hasPrefix("{\"images\":[{\"results\":["))
        #expect(!one.output.contains("errorCount"))
      }
      let broken = try predict(["--source", "in/b.jpg"] + json, in: directory)
      #expect(broken.status == 65 && broken.output.isEmpty)
    }
  }

  /// Names of whatever bytes: read, printed with escapes, and the same bytes in outputs.
  @Test func namesThatAreNotUTF8() throws {
    try Program.withDirectory { directory in
      let script = """
        mkdir in && cp "$1" "$(printf 'in/caf\\351.png')" && cp "$1" "$(printf 'in/\\364\\217\\242\\200.png')"
        cp "$2" "$(printf 'm\\377.pt')"
        "$3" predict --model "$(printf 'm\\377.pt')" --imgsz 64 --source in --save "$(printf 'o\\376')" \
          --save-txt --format json > out.json 2> errors
        echo $? > status
        printf 'in/caf\\351.png\\n' > list.txt
        "$3" predict --model "$(printf 'm\\377.pt')" --imgsz 64 --source list.txt --format csv > out.csv
        "$3" predict --model "$(printf 'm\\377.pt')" --imgsz 64 --source "$(printf 'in/n\\351.png')" 2>> errors
        echo $? >> status
        test -f "$(printf 'o\\376/caf\\351.png')" && test -f "$(printf 'o\\376/labels/caf\\351.txt')" \
          && test -f "$(printf 'o\\376/\\364\\217\\242\\200.png')" && echo saved >> status
        """
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = [
        "-c", script, "sh", Self.photo.path, Self.model.path, Program.executable.path,
      ]
      process.currentDirectoryURL = directory
      try process.run()
      process.waitUntilExit()
      func text(_ name: String) throws -> String {
        try String(contentsOf: directory.appending(path: name), encoding: .utf8)
      }
      #expect(try text("status") == "0\n66\nsaved\n")
      #expect(try text("errors").contains("in/n\\xE9.png"))
      #expect(try text("out.json").contains("\"source\":\"in/caf\\\\xE9.png\""))
      #expect(try text("out.json").contains("\"model\":\"m\\\\xFF.pt\""))
      #expect(
        try text("out.csv").hasPrefix("source,frame,time,class,name,confidence,x1,y1,x2,y2\n"))
    }
  }

  @Test func boundsAreThoseOfTheModel() throws {
    try Program.withDirectory { directory in
      try copy(["a.png"], to: directory)
      let model = ["predict", "--model", Self.model.path, "--threads", "1", "--source", "a.png"]
      let wide = try Program.yolo(
        model + ["--imgsz", "1536", "--conf", "0.001", "--iou", "1.0", "--format", "ndjson"],
        in: directory)
      #expect(wide.status == 0, "\(wide.errors)")
      let large = try Program.yolo(
        model + ["--imgsz", "65536", "--no-rect", "--format", "ndjson"], in: directory)
      #expect(large.status == 69 && large.output.isEmpty, "\(large.status) \(large.errors)")
    }
  }
}
