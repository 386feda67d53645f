#if Server
import Foundation
import Testing
import YOLOGeometry
import YOLOImage
import YOLOImageIO

/// Datasets that are broken in the ways that people report, each in one.
///
/// Each begins as a sound set of three images, of which some files are changed, added or removed.
struct BrokenDataset: Sendable, CustomTestStringConvertible {
  /// Something that must be said.
  struct Fault: Sendable, CustomStringConvertible {
    let severity: String
    let kind: String
    /// The file, below the directory of the set.
    let file: String
    let line: Int?
    /// What the message must have.
    let text: String

    var description: String { "\(severity) \(kind) \(file):\(line ?? 0) …\(text)…" }
  }

  /// What becomes of a set.
  enum Outcome: Sendable {
    /// These are said, and no other errors.
    case faults([Fault])
    /// It cannot be used at all, for this reason.
    case refused(String)
    /// It cannot be checked in this way.
    case none
  }

  let name: String
  var task = VisionTask.detect
  var files: [String: [UInt8]]
  /// Entries of the archive besides the files.
  var entries: [ArchiveWriter.Entry] = []
  var format = ArchiveWriter.Format.deflatedZip
  /// The whole file that is uploaded, instead of an archive.
  var upload: (name: String, bytes: [UInt8])?
  /// What `yolo check` says.
  var check = Outcome.none
  /// What the platform says.
  var ingest = Outcome.none
  /// The images that the platform takes.
  var images: Int?

  var testDescription: String { name }
}

extension BrokenDataset {
  private static let rows: [VisionTask: String] = [
    .detect: "0.5 0.5 0.2 0.2", .segment: "0.1 0.1 0.5 0.1 0.5 0.5 0.3 0.7 0.1 0.5",
    .pose: "0.5 0.5 0.2 0.2 0.5 0.5 2 0.4 0.4 1", .obb: "0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5",
  ]

  private static let yaml = "train: images/train\nval: images/val\nnames: [cat, dog]\n"

  /// A set that nothing is wrong with.
  static func sound(_ task: VisionTask = .detect) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for (index, path) in ["train/0", "train/1", "val/2"].enumerated() {
      let image = try DatasetTests.png(UInt8(60 * index + 20))
      if let row = rows[task] {
        files["images/\(path).png"] = image
        files["labels/\(path).txt"] = Array("\(index % 2) \(row)\n".utf8)
      } else {
        let parts = path.split(separator: "/")
        files["\(parts[0])/\(index == 1 ? "dog" : "cat")/\(parts[1]).png"] = image
      }
    }
    if task != .classify {
      files["data.yaml"] = Array(
        (yaml + (task == .pose ? "kpt_shape: [2, 3]\nflip_idx: [1, 0]\n" : "")).utf8)
    }
    return files
  }

  /// A set with changes; nil removes a file.
  private static func set(
    _ name: String, _ changes: [String: [UInt8]?], check: Outcome, ingest: Outcome? = nil,
    images: Int? = nil
  ) throws -> BrokenDataset {
    try set(name, .detect, changes, check: check, ingest: ingest, images: images)
  }

  private static func set(
    _ name: String, _ task: VisionTask, _ changes: [String: [UInt8]?], check: Outcome,
    ingest: Outcome? = nil, images: Int? = nil
  ) throws -> BrokenDataset {
    var files = try sound(task)
    for (path, bytes) in changes { files[path] = bytes }
    return BrokenDataset(
      name: name, task: task, files: files, check: check, ingest: ingest ?? check, images: images)
  }

  private static func error(
    _ kind: String, _ file: String, _ line: Int? = nil, _ text: String = ""
  ) -> Fault {
    Fault(severity: "error", kind: kind, file: file, line: line, text: text)
  }

  private static func warning(
    _ kind: String, _ file: String, _ line: Int? = nil, _ text: String = ""
  ) -> Fault {
    Fault(severity: "warning", kind: kind, file: file, line: line, text: text)
  }

  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  private static let label = "labels/train/0.txt"

  // MARK: Labels

  /// A set whose first label file is replaced.
  private static func labels(
    _ name: String, _ bytes: [UInt8], _ faults: Fault...
  ) throws -> BrokenDataset {
    try labels(name, .detect, bytes, faults: faults)
  }

  private static func labels(
    _ name: String, _ task: VisionTask, _ bytes: [UInt8], _ faults: Fault...
  ) throws -> BrokenDataset {
    try labels(name, task, bytes, faults: faults)
  }

  private static func labels(
    _ name: String, _ task: VisionTask, _ bytes: [UInt8], faults: [Fault]
  ) throws -> BrokenDataset {
    let isFaulty = faults.contains { $0.severity == "error" }
    return try set(
      name, task, [label: bytes], check: .faults(faults), images: isFaulty ? 2 : 3)
  }

  private static func invalid(_ line: Int, _ text: String) -> Fault {
    error("invalid-label", label, line, text)
  }

  static func labelSets() throws -> [BrokenDataset] {
    let good = "0 0.5 0.5 0.2 0.2"
    func utf16(_ littleEndian: Bool) -> [UInt8] {
      (littleEndian ? [0xFF, 0xFE] : [0xFE, 0xFF])
        + good.utf8.flatMap { littleEndian ? [$0, 0] : [0, $0] }
    }
    let marked = [0xEF, 0xBB, 0xBF] + text(good)
    let cut = text("\(good)\n") + [0, 0, 0]
    return [
      try labels("a class too large", text("2 0.5 0.5 0.2 0.2"), invalid(1, "a class from 0 to 1")),
      try labels("a class counted from 1", text("\(good)\n2 .5 .5 .1 .1"), invalid(2, "found 2")),
      try labels("a negative class", text("-1 0.5 0.5 0.2 0.2"), invalid(1, "class")),
      try labels("a class with a fraction", text("0.5 0.5 0.5 0.2 0.2"), invalid(1, "class")),
      try labels("a class by its name", text("cat 0.5 0.5 0.2 0.2"), invalid(1, "\"cat\"")),
      try labels("coordinates in pixels", text("0 320 240 64 48"), invalid(1, "found 320")),
      try labels("corners instead of a center", text("0 .4 .4 1.3 1.2"), invalid(1, "found 1.3")),
      try labels("a center outside", text("0 1.0711 0.5 0.2 0.2"), invalid(1, "found 1.0711")),
      try labels("a negative coordinate", text("0 -0.2 0.5 0.2 0.2"), invalid(1, "found -0.2")),
      try labels("a negative width", text("0 0.5 0.5 -0.2 0.2"), invalid(1, "found -0.2")),
      try labels("four columns", text("0 0.5 0.5 0.2"), invalid(1, "found 4")),
      try labels("six columns", text("0 0.5 0.5 0.2 0.2 0.98"), invalid(1, "found 6")),
      try labels("a class alone", text("0"), invalid(1, "found 1")),
      try labels("NaN", text("0 nan 0.5 0.2 0.2"), invalid(1, "\"nan\"")),
      try labels("infinity", text("0 0.5 inf 0.2 0.2"), invalid(1, "\"inf\"")),
      try labels("a number too large", text("0 0.5 1e999 0.2 0.2"), invalid(1, "numbers")),
      try labels("decimal commas", text("0 0,5 0,5 0,2 0,2"), invalid(1, "\"0,5\"")),
      try labels("commas between", text("0,0.5,0.5,0.2,0.2"), invalid(1, "numbers")),
      try labels("semicolons between", text("0;0.5;0.5;0.2;0.2"), invalid(1, "numbers")),
      try labels("a header", text("class x y w h\n\(good)"), invalid(1, "\"class\"")),
      try labels("a comment", text("# made by hand\n\(good)"), invalid(1, "\"#\"")),
      try labels("brackets", text("[0, 0.5, 0.5, 0.2, 0.2]"), invalid(1, "numbers")),
      try labels("hexadecimal digits", text("0 0x1 zz 0.2 0.2"), invalid(1, "numbers")),
      try labels("UTF-16", utf16(true), invalid(1, "UTF-16")),
      try labels("UTF-16 of the other order", utf16(false), invalid(1, "UTF-16")),
      try labels(
        "null bytes", [UInt8](repeating: 0, count: 64), invalid(1, "a null byte")),
      try labels(
        "null bytes behind a row", cut, invalid(2, "a null byte")),
      try labels(
        "XML as text", text("<annotation>\n</annotation>"), invalid(1, "numbers"),
        invalid(2, "numbers")),
      try labels("JSON as text", text("{\"label\": 0}"), invalid(1, "numbers")),
      try labels(
        "an image as labels", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16], invalid(1, "a null byte")),
      try labels(
        "a bad row behind others", text("\(good)\n\n1 .5 .5 .2 2"), invalid(3, "found 2")),
      try labels(
        "a row twice", text("\(good)\n1 .5 .5 .1 .1\n\(good)"),
        warning("repeated-label", label, 3, "occur before: 1")),
      try labels(
        "a box without width", text("\(good)\n0 .5 .5 0 .2"),
        warning("empty-box", label, 2, "without width or height: 1")),
      try labels(
        "boxes among polygons", text("0 .1 .1 .5 .1 .5 .5\n\(good)"), invalid(2, "three points")),
      try labels(
        "polygons in a set of boxes", text("0 .1 .1 .5 .1 .5 .5"),
        warning("mixed-labels", label, nil, "labels/train/1.txt has boxes")),
      // What can be read is.
      try labels("tabs", text("0\t0.5\t0.5\t0.2\t0.2\n")),
      try labels("line ends of Windows", text("\(good)\r\n1 .5 .5 .1 .1\r\n")),
      try labels("a byte order mark", marked),
      try labels("blank lines and spaces", text("\n  \(good)   \n\n\n")),
      try labels("an exponent", text("0 5e-1 0.5 2.0E-1 +.2")),
      try labels("an empty file", []),
      // Polygons, oriented boxes and keypoints.
      try labels("a box in a set of polygons", .segment, text(good), invalid(1, "three points")),
      try labels(
        "a polygon of two points", .segment, text("0 .1 .1 .2 .2"), invalid(1, "5 numbers")),
      try labels("a point without y", .segment, text("0 .1 .1 .2 .2 .3 .3 .4"), invalid(1, "8")),
      try labels(
        "a polygon in pixels", .segment, text("0 10 10 50 10 50 50"), invalid(1, "coordinates")),
      try labels("a box and an angle", .obb, text("0 0.5 0.5 0.2 0.2 30"), invalid(1, "6 numbers")),
      try labels(
        "corners outside", .obb, text("0 .1 .1 2.5 .1 2.5 .5 .1 .5"), invalid(1, "coordinates")),
      try labels("boxes without keypoints", .pose, text(good), invalid(1, "2 keypoints")),
      try labels(
        "keypoints without visibility", .pose, text("\(good) .5 .5 .4 .4"),
        invalid(1, "11 numbers, found 9")),
      try labels(
        "a keypoint outside", .pose, text("\(good) .5 1.5 2 .4 .4 1"), invalid(1, "found 1.5")),
      try labels(
        "a visibility that is none", .pose, text("\(good) .5 .5 0.7 .4 .4 1"),
        warning("visibility", label, 1, "0, 1 or 2: 1")),
      try cornerSet(),
    ]
  }

  /// An oriented box of five corners: a polygon to Ultralytics, but none that an export may have.
  private static func cornerSet() throws -> BrokenDataset {
    try set(
      "five corners", .obb, [label: text("0 .1 .1 .5 .1 .6 .3 .5 .5 .1 .5")],
      check: .faults([warning("corner-count", label, 1, "four corners: 1")]),
      ingest: .faults([error("corner-count", label, 1, "four corners: 1")]), images: 2)
  }

  // MARK: Descriptions

  /// A set whose description is replaced.
  private static func described(
    _ name: String, _ yaml: String, _ outcome: Outcome, ingest: Outcome? = nil,
    images: Int? = nil
  ) throws -> BrokenDataset {
    try described(name, .detect, yaml, outcome, ingest: ingest, images: images)
  }

  private static func described(
    _ name: String, _ task: VisionTask, _ yaml: String, _ outcome: Outcome,
    ingest: Outcome? = nil, images: Int? = nil
  ) throws -> BrokenDataset {
    try set(
      name, task, ["data.yaml": text(yaml)], check: outcome, ingest: ingest, images: images)
  }

  static func descriptionSets() throws -> [BrokenDataset] {
    let parts = "train: images/train\nval: images/val\n"
    var fewer = ["train/0", "train/1", "val/2"].map {
      error("invalid-label", "labels/\($0).txt", 1, "3 keypoints: 14 numbers")
    }
    fewer += [error("unlabeled-split", "data.yaml"), warning("unlabeled-split", "data.yaml")]
    let utf16: [UInt8] = [0xFF, 0xFE] + yaml.utf8.flatMap { [$0, 0] }
    let marked = [0xEF, 0xBB, 0xBF] + text(yaml)
    let ended = text(yaml) + [0]
    let latin = text("\(parts)names: [caf") + [0xE9] + text(", dog]\n")
    return [
      try described("no names", parts, .refused("data.yaml: the key names is missing")),
      try described(
        "fewer names than nc", "\(parts)nc: 3\nnames: [cat, dog]\n",
        .refused("data.yaml, line 3: nc must be the number of names, 2")),
      try described(
        "more names than nc", "\(parts)nc: 1\nnames: [cat, dog]\n",
        .refused("data.yaml, line 3: nc must be")),
      try described("no classes", "\(parts)nc: 0\n", .refused("data.yaml, line 3: nc must be")),
      try described(
        "a gap among the names", "\(parts)names:\n  0: cat\n  2: dog\n",
        .refused("data.yaml, line 5: names must be names by the indices 0 to 1")),
      try described(
        "names counted from 1", "\(parts)names: {1: cat, 2: dog}\n",
        .refused("data.yaml, line 3: names")),
      try described(
        "an index twice", "\(parts)names:\n  0: cat\n  0: dog\n",
        .refused("data.yaml, line 5: the key 0 is there twice")),
      try described("a name alone", "\(parts)names: cat\n", .refused("data.yaml, line 3: names")),
      try described(
        "names in lists", "\(parts)names: [[cat], [dog]]\n", .refused("data.yaml, line 3: names")),
      try described(
        "a name twice", "\(parts)names: [cat, cat]\n",
        .faults([warning("class-name", "data.yaml", nil, "classes 0 and 1")])),
      try described(
        "an empty name", "\(parts)names: [cat, ' ']\n",
        .faults([warning("class-name", "data.yaml", nil, "class 1 has an empty name")])),
      try described(
        "a class that is never used", "\(parts)names: [cat, dog, cow]\n",
        .faults([warning("unused-class", "data.yaml", nil, "class 2 (cow)")])),
      try described(
        "tabs before keys", "\(parts)names:\n\t0: cat\n\t1: dog\n",
        .refused("data.yaml, line 4: a tab")),
      try described(
        "a bracket without its end", "\(parts)names: [cat, dog\n", .refused("data.yaml, line")),
      try described(
        "a quotation mark without its end", "train: 'images/train\nval: images/val\n",
        .refused("data.yaml, line")),
      try described(
        "a key indented too far", "\(parts)  names: [cat, dog]\n", .refused("data.yaml, line 3")),
      try described(
        "an anchor", "train: &t images/train\nval: *t\nnames: [cat, dog]\n",
        .refused("data.yaml, line 1: anchors")),
      try described(
        "a tag of Python", "\(parts)names: !!python/tuple [cat, dog]\n",
        .refused("data.yaml, line 3: tags")),
      try described("two documents", "\(yaml)---\n\(yaml)", .refused("data.yaml, line 4")),
      try described("an empty description", "", .refused("data.yaml")),
      try described("a list", "- train\n- val\n", .refused("data.yaml")),
      try set(
        "a description as UTF-16", ["data.yaml": utf16],
        check: .refused("data.yaml, line 1: the text is UTF-16")),
      try set(
        "a description with a null byte", ["data.yaml": ended],
        check: .refused("data.yaml, line 4: the text has a null byte")),
      try set(
        "a description as Latin-1", ["data.yaml": latin],
        check: .faults([warning("encoding", "data.yaml", 3, "not UTF-8")])),
      try set(
        "a description with a byte order mark", ["data.yaml": marked],
        check: .faults([]), images: 3),
      try described(
        "a description of Windows", yaml.replacing("\n", with: "\r\n"), .faults([]), images: 3),
      try described(
        "no train", "val: images/val\nnames: [cat, dog]\n",
        .faults([error("missing-split", "data.yaml", nil, "no train part")])),
      try described(
        "no val", "train: images/train\nnames: [cat, dog]\n",
        .faults([error("missing-split", "data.yaml", nil, "no val part")])),
      try described(
        "a directory that is not there",
        "train: images/trian\nval: images/val\nnames: [cat, dog]\n",
        .faults([error("description", "data.yaml", 1, "images/trian, which does not exist")])),
      try described(
        "a list that is not there", "train: images/train\nval: val.txt\nnames: [cat, dog]\n",
        .faults([error("description", "data.yaml", 2, "val.txt, which does not exist")])),
      try described(
        "an empty list of parts", "train: []\nval: images/val\nnames: [cat, dog]\n",
        .refused("data.yaml, line 1: train must be")),
      try described(
        "the same images twice", "train: images/train\nval: images/train\nnames: [cat, dog]\n",
        .faults([warning("repeated-image", "data.yaml", nil, "of the train part, too: 2")])),
      // What the platform finds in the archive, a check of the same directory does not.
      try described(
        "a path of Windows",
        "path: C:\\Users\\me\\set\ntrain: C:\\Users\\me\\set\\images\\train\nval: images\\val\nnames: [cat, dog]\n",
        .faults([
          error("description", "data.yaml", 2, "which does not exist"),
          error("description", "data.yaml", 3, "which does not exist"),
        ]), ingest: .faults([]), images: 3),
      try described(
        "a path of another machine",
        "path: /content/set\ntrain: /content/set/images/train\nval: ../images/val\nnames: [cat, dog]\n",
        .faults([
          error("description", "data.yaml", 2, "which does not exist"),
          error("description", "data.yaml", 3, "which does not exist"),
        ]), ingest: .faults([]), images: 3),
      // Keypoints.
      try described(
        "a shape that is a number", .pose, "\(yaml)kpt_shape: 17\n",
        .refused("data.yaml, line 4: kpt_shape")),
      try described(
        "a shape of four numbers each", .pose, "\(yaml)kpt_shape: [2, 4]\n",
        .refused("data.yaml, line 4: kpt_shape")),
      try described(
        "a shape without keypoints", .pose, "\(yaml)kpt_shape: [0, 3]\n",
        .refused("data.yaml, line 4: kpt_shape")),
      try described(
        "flip_idx of another length", .pose, "\(yaml)kpt_shape: [2, 3]\nflip_idx: [0]\n",
        .refused("data.yaml, line 5: flip_idx must be a list of 2 indices")),
      try described(
        "flip_idx of a keypoint that is none", .pose,
        "\(yaml)kpt_shape: [2, 3]\nflip_idx: [0, 2]\n",
        .refused("data.yaml, line 5: flip_idx must be a list of 2 indices from 0 to 1")),
      try described(
        "flip_idx in pairs", .pose, "\(yaml)kpt_shape: [2, 3]\nflip_idx: [[0, 1], [1, 0]]\n",
        .refused("data.yaml, line 5: flip_idx")),
      try described(
        "flip_idx that does not mirror", .pose,
        "\(yaml)kpt_shape: [2, 3]\nflip_idx: [1, 1]\n",
        .faults([warning("flip-order", "data.yaml", nil, "mirrors keypoint 0 into 1")])),
      try described(
        "no flip_idx", .pose, "\(yaml)kpt_shape: [2, 3]\n",
        .faults([warning("missing-flip", "data.yaml", nil, "flip_idx is missing")])),
      try described(
        "a shape of more keypoints than there are", .pose,
        "\(yaml)kpt_shape: [3, 3]\nflip_idx: [0, 1, 2]\n",
        .faults(fewer),
        ingest: .refused("no image that can be used")),
    ]
  }

  // MARK: Images and files

  /// An image file of JPEG, of 16 x 12 pixels.
  private static func jpeg() throws -> [UInt8] {
    try ImageWriter.jpeg(
      try Image(
        size: Size(width: 16, height: 12),
        pixels: (0..<576).map { UInt8(truncatingIfNeeded: $0 * 37) }))
  }

  private static let cmyk = """
    /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBt\
    UVdfYmdoZz5NcXlwZHhcZWdj/8AAFAgADAAQBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAAG/8QAFBAB\
    AAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwC7TSxVgAAAD//Z
    """
  private static let gif =
    "R0lGODdhEAAMAIEAAFoUHgAAAAAAAAAAACwAAAAAEAAMAAAIGQABCBxIsKDBgwgTKlzIsKHDhxAjSpwoMCAAOw=="
  private static let webp = "UklGRh4AAABXRUJQVlA4TBEAAAAvD8ACAAdQimrVo/+BiOh/AAA="

  private static func decoded(_ text: String) -> [UInt8] {
    Array(Data(base64Encoded: text) ?? Data())
  }

  /// A PNG file that says it has 60,000 x 60,000 pixels.
  private static func huge() -> [UInt8] {
    func number(_ value: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
    func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
      let body = Array(kind.utf8) + data
      return number(UInt32(data.count)) + body + number(checksum(body))
    }
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", number(60_000) + number(60_000) + [8, 2, 0, 0, 0])
      + chunk("IDAT", [0x78, 0x9C, 0x03, 0, 0, 0, 0, 1]) + chunk("IEND", [])
  }

  /// The CRC-32 of PNG.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { value, byte in
      (0..<8).reduce(value ^ UInt32(byte)) { value, _ in
        value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
      }
    }
  }

  /// A set with an image more, which is labeled.
  private static func image(
    _ name: String, _ file: String, _ bytes: [UInt8], _ faults: Fault...
  ) throws -> BrokenDataset {
    let path = "images/train/\(file)"
    let label = "labels/train/\(file.prefix { $0 != "." }).txt"
    let isFaulty = faults.contains { $0.severity == "error" }
    return try set(
      name, [path: bytes, label: text("0 0.5 0.5 0.1 0.1")], check: .faults(faults),
      images: isFaulty ? 3 : 4)
  }

  static func imageSets() throws -> [BrokenDataset] {
    let jpeg = try jpeg()
    let png = try DatasetTests.png(200)
    func unreadable(_ file: String, _ text: String = "") -> Fault {
      error("unreadable-image", "images/train/\(file)", nil, text)
    }
    // APP1 with the orientation 6: a quarter turn.
    let exif: [UInt8] =
      [0xFF, 0xE1, 0, 34] + text("Exif\0\0MM\0") + [0x2A, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3]
      + [0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]
    let turned = Array(jpeg.prefix(2)) + exif + Array(jpeg.dropFirst(2))
    let damaged = png.enumerated().map { $0.offset == 50 ? ~$0.element : $0.element }
    let tiny = try ImageWriter.png(
      try Image(size: Size(width: 4, height: 4), pixels: [UInt8](repeating: 7, count: 48)))
    return [
      try image("a cut JPEG", "3.jpg", Array(jpeg.prefix(jpeg.count / 2)), unreadable("3.jpg")),
      try image("a JPEG without its end", "3.jpg", Array(jpeg.dropLast(20)), unreadable("3.jpg")),
      try image("a cut PNG", "3.png", Array(png.dropLast(30)), unreadable("3.png")),
      try image(
        "a page instead of an image", "3.jpg", text("<!DOCTYPE html><html>404</html>"),
        unreadable("3.jpg")),
      try image("an empty image", "3.jpg", [], unreadable("3.jpg")),
      try image("text instead of an image", "3.png", text("image"), unreadable("3.png")),
      try image(
        "an address of an image", "3.jpg", text("version https://git-lfs.github.com/spec/v1\n"),
        unreadable("3.jpg")),
      try image("too many pixels", "3.png", huge(), unreadable("3.png", "60000")),
      try image(
        "a damaged PNG", "3.png", damaged, unreadable("3.png")),
      try image(
        "a tiny image", "3.png", tiny, error("small-image", "images/train/3.png", nil, "4 x 4")),
      // What can be read is.
      try image("ink instead of light", "3.jpg", decoded(cmyk)),
      try image("a turned image", "3.jpg", turned),
      try image("a PNG called JPEG", "3.jpg", png),
      try image("a WebP called JPEG", "3.jpg", decoded(webp)),
      try image("capitals in the suffix", "3.PNG", png),
      try image("spaces and other letters", "Bild ä 漢 (1).png", png),
      // What belongs to nothing.
      try set(
        "a file that is no image", ["images/train/3.gif": decoded(gif)],
        check: .faults([warning("other-file", "images/train/3.gif", nil, "passed over")])),
      try set(
        "a label without an image", ["labels/train/9.txt": text("0 .5 .5 .2 .2")],
        check: .faults([warning("label-without-image", "labels/train/9.txt")])),
      try set(
        "an image without a label", ["images/train/3.png": png], check: .faults([]), images: 4),
      try set(
        "one stem twice", ["images/train/0.jpg": jpeg],
        check: .faults([warning("shared-label", label, nil, "images/train/0.png")])),
      try set(
        "an image twice", ["images/train/3.png": try DatasetTests.png(20)],
        check: .faults([warning("repeated-image", "images/train/3.png", nil, "the same image")]),
        images: 3),
      try set(
        "an image of the training in val", ["images/val/3.png": try DatasetTests.png(20)],
        check: .faults([warning("repeated-image", "images/val/3.png", nil, "train part")]),
        images: 3),
      try set(
        "labels in another directory",
        [
          label: nil, "labels/train/1.txt": nil, "label/train/0.txt": text("0 .5 .5 .2 .2"),
        ], check: .faults([error("unlabeled-split", "data.yaml", nil, "labels/train/0.txt")])),
      try set(
        "no images in a part", ["images/val/2.png": nil, "images/val/notes.md": text("x")],
        check: .faults([error("description", "images/val", nil, "names no images")])),
      // Lists of images.
      try set(
        "a list with an image that is not there",
        [
          "data.yaml": text("train: train.txt\nval: images/val\nnames: [cat, dog]\n"),
          "train.txt": text("./images/train/0.png\n./images/train/1.png\n./images/train/7.png\n"),
        ],
        check: .faults([error("unreadable-image", "images/train/7.png")]), images: 3),
      // Classification.
      try set(
        "an image beside the classes", .classify, ["train/5.png": png],
        check: .faults([warning("other-file", "train/5.png", nil, "no class")]), images: 3),
      try set(
        "a class in val alone", .classify, ["val/cow/5.png": png],
        check: .faults([warning("other-file", "val/cow/5.png", nil, "no class")]),
        ingest: .faults([])),
      try set(
        "a damaged image of a class", .classify, ["train/cat/5.png": Array(png.prefix(40))],
        check: .faults([error("unreadable-image", "train/cat/5.png")]), images: 3),
    ]
  }

  // MARK: Archives

  /// An archive with entries besides those of a sound set.
  private static func archive(
    _ name: String, _ entries: [ArchiveWriter.Entry], _ outcome: Outcome, images: Int = 3
  ) throws -> BrokenDataset {
    try archive(name, entries, .deflatedZip, outcome, images: images)
  }

  private static func archive(
    _ name: String, _ entries: [ArchiveWriter.Entry], _ format: ArchiveWriter.Format,
    _ outcome: Outcome, images: Int = 3
  ) throws -> BrokenDataset {
    BrokenDataset(
      name: name, files: try sound(), entries: entries, format: format, ingest: outcome,
      images: images)
  }

  /// A file that is uploaded as it is.
  private static func upload(
    _ name: String, _ file: String, _ bytes: [UInt8], _ reason: String
  ) -> BrokenDataset {
    BrokenDataset(
      name: name, files: [:], upload: (file, bytes), ingest: .refused(reason), images: 0)
  }

  /// An archive of files alone.
  private static func foreign(
    _ name: String, _ files: [String: [UInt8]], _ outcome: Outcome, images: Int? = nil
  ) -> BrokenDataset {
    BrokenDataset(name: name, files: files, ingest: outcome, images: images)
  }

  private static func skipped(_ file: String, _ reason: String) -> Outcome {
    .faults([warning("skipped-entry", file, nil, reason)])
  }

  static func archiveSets() throws -> [BrokenDataset] {
    typealias Entry = ArchiveWriter.Entry
    let png = try DatasetTests.png(200)
    let other = try DatasetTests.png(201)
    let zip = try DatasetTests.archive(
      try sound().sorted { $0.key < $1.key }.map { DatasetTests.entry($0.key, $0.value) })
    let json = text(#"{"images":[],"annotations":[],"categories":[]}"#)
    let long = String(repeating: "n", count: 300) + ".txt"
    let deep = String(repeating: "d/", count: 40) + "x.txt"
    let rar = text("Rar!\u{1A}\u{07}\u{01}") + [0, 1, 2, 3]
    let tar = try DatasetTests.archive(
      try sound().sorted { $0.key < $1.key }.map { DatasetTests.entry($0.key, $0.value) }, .tar)
    var zeros = Entry("images/train/zeros.png")
    zeros.content = [UInt8](repeating: 0, count: 64 << 20)
    return [
      try archive(
        "an entry that leaves the archive", [Entry("../../evil.txt", "x")],
        skipped("../../evil.txt", "leaves the archive")),
      try archive(
        "an absolute entry", [Entry("/etc/cron.d/evil", "x")],
        skipped("/etc/cron.d/evil", "absolute")),
      try archive(
        "a symbolic link", [Entry(link: "images/train/5.png", to: "/etc/passwd")],
        skipped("images/train/5.png", "a link")),
      try archive(
        "a hard link", [Entry(link: "images/train/5.png", to: "images/train/0.png", isHard: true)],
        .tar, skipped("images/train/5.png", "a link")),
      try archive(
        "a pipe", [Entry("images/train/5.png", type: 0o010_000)], .tar,
        skipped("images/train/5.png", "no file")),
      try archive(
        "files of macOS",
        [Entry("__MACOSX/images/train/._0.png", "x"), Entry("images/train/._0.png", "x")],
        .faults([
          warning("skipped-entry", "__MACOSX/images/train/._0.png", nil, "hidden"),
          warning("skipped-entry", "images/train/._0.png", nil, "hidden"),
        ])),
      try archive("a hidden file", [Entry(".DS_Store", "x")], skipped(".DS_Store", "hidden")),
      try archive(
        "an entry twice", [Entry("data.yaml", "names: [x]")], skipped("data.yaml", "occurs before")),
      try archive(
        "a file that is a directory, too", [Entry("data.yaml/x.txt", "x")],
        skipped("data.yaml/x.txt", "cannot be created")),
      try archive(
        "a name that is too long", [Entry(long, "x")],
        skipped(long, "too long")),
      try archive(
        "directories too deep", [Entry(deep, "x")],
        skipped(deep, "32 directories")),
      try archive(
        "a bomb", [zeros], .refused("more bytes of content than"), images: 0),
      try archive(
        "a second description", [Entry("more/data.yaml", "train: images\nnames: [a]\n")],
        .faults([warning("other-file", "more/data.yaml", nil, "passed over")])),
      try archive(
        "images that belong to no part", [DatasetTests.entry("extra/7.png", png)],
        .faults([warning("other-file", "extra/7.png", nil, "no part")])),
      try archive(
        "an archive beside the images", [DatasetTests.entry("more.zip", zip)],
        .faults([warning("other-file", "more.zip", nil, "not unpacked")])),
      try archive("a compressed tar", [], .compressedTar, .faults([])),
      upload("text called zip", "set.zip", text("no archive"), "set.zip cannot be unpacked"),
      upload("a file of one byte", "set.zip", [0], "set.zip cannot be unpacked"),
      upload("a page called zip", "set.zip", text("<html>login</html>"), "cannot be unpacked"),
      upload(
        "a RAR called zip", "set.zip", rar,
        "set.zip cannot be unpacked"),
      upload("a cut zip", "set.zip", Array(zip.prefix(zip.count / 2)), "cannot be unpacked"),
      upload("an encrypted zip", "set.zip", try encrypted(), "password"),
      upload("a sparse tar", "set.tar", sparseTar(), "no image that can be used"),
      BrokenDataset(
        name: "a tar called zip", files: [:],
        upload: ("set.zip", tar),
        ingest: .faults([]), images: 3),
      foreign(
        "a zip in a zip", ["inner.zip": zip], .refused("inner.zip: archives inside"), images: 0),
      foreign("nothing but text", ["readme.md": text("x")], .refused("names no images"), images: 0),
      foreign(
        "COCO JSON",
        ["train2017/1.png": png, "val2017/2.png": other, "annotations/instances.json": json],
        .refused("annotations/instances.json: annotations as COCO JSON are not read"), images: 0),
      foreign(
        "COCO JSON of Roboflow", ["train/1.png": png, "train/_annotations.coco.json": json],
        .refused("COCO JSON are not read"), images: 0),
      foreign(
        "Pascal VOC", ["JPEGImages/1.png": png, "Annotations/1.xml": text("<annotation/>")],
        .refused("Annotations/1.xml: annotations as Pascal VOC XML are not read"), images: 0),
      foreign(
        "LabelMe", ["1.png": png, "1.json": text(#"{"shapes":[],"imagePath":"1.png"}"#)],
        .refused("1.json: annotations as LabelMe JSON"), images: 0),
      foreign(
        "CVAT", ["images/1.png": png, "annotations.xml": text("<?xml?><annotations/>")],
        .refused("CVAT XML"), images: 0),
      foreign(
        "a table of boxes",
        ["train/1.png": png, "train/_annotations.csv": text("filename,xmin,ymin\n")],
        .refused("CSV"), images: 0),
      foreign(
        "TFRecord", ["1.png": png, "a.tfrecord": [0, 1, 2]], .refused("TFRecord"), images: 0),
      foreign(
        "no description, and a class that is none",
        ["images/1.png": png, "labels/1.txt": text("x 0.5 0.5 0.1 0.1\n")],
        .refused("no image that can be used"), images: 0),
    ]
  }

  /// A zip whose entries need a password.
  private static func encrypted() throws -> [UInt8] {
    try DatasetTests.archive(
      try sound().sorted { $0.key < $1.key }.map { DatasetTests.entry($0.key, $0.value) },
      passphrase: "secret")
  }

  /// A tar with a file of 8 GiB that has no bytes (the old form of GNU).
  private static func sparseTar() -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    put("images/train/hole.png", at: 0)
    put("0000644\0", at: 100)
    put("0000000\0", at: 108)
    put("0000000\0", at: 116)
    put("00000000000\0", at: 124)
    put("00000000000\0", at: 136)
    put("        ", at: 148)
    put("S", at: 156)
    put("ustar  \0", at: 257)
    // One part without bytes at the end.
    put("77777777777\0", at: 386)
    put("00000000000\0", at: 398)
    put("77777777777\0", at: 483)
    let sum = header.reduce(0) { $0 + Int($1) }
    let digits = String(sum, radix: 8)
    put(String(repeating: "0", count: 6 - digits.count) + digits + "\0 ", at: 148)
    return header + [UInt8](repeating: 0, count: 1024)
  }
}
#endif
