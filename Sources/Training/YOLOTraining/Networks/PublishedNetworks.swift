import YOLOWeights

/// The published networks, in a notation of our own: layers between bars, each an input if it is
/// not the layer before (`@-1,6`), a count if it is not one (`3x`), a class, and its arguments.
///
/// The modules and sizes are those of the papers and of the checkpoints: YOLOv5, YOLOv6, YOLOv8,
/// YOLOv9 (arXiv:2402.13616), YOLOv10 (arXiv:2405.14458), YOLO11, YOLO12 (arXiv:2502.12524),
/// YOLO26.
enum PublishedNetworks {
  private struct Family {
    var scales: [(letter: String, depth: Double, width: Double, maximum: Int)] = []
    /// The scales of classifiers, where they are others.
    var classifierScales: [(letter: String, depth: Double, width: Double, maximum: Int)]?
    var backbone: String
    /// The layers that a classifier lacks at the end of the backbone: pyramid pooling.
    var withoutForClassifier = ""
    var neck: String
    var levels: String
    var suffix = ""
    var extras: [(String, AttributeValue)] = []
    var hasTasks = true
    var headName = "Detect"
    /// The classes of the published pose estimator.
    var poseClassCount = 80
  }

  /// Returns the entries of the network of a file name, such as `yolov8n-pose.yaml`; nil if there
  /// is none of the name.
  static func description(_ file: String) -> [AttributeEntry]? {
    guard file.hasSuffix(".yaml") || file.hasSuffix(".yml") else { return nil }
    let stem = file.prefix { $0 != "." }
    let parts = stem.split(separator: "-", maxSplits: 1).map(String.init)
    guard let name = parts.first else { return nil }
    let task = parts.count > 1 ? parts[1] : ""
    let family: Family
    if let whole = families[name] {
      family = whole
    } else if let letter = name.last, let scaled = families[String(name.dropLast())],
      scaled.scales.contains(where: { $0.letter == String(letter) })
    {
      family = scaled
    } else {
      return nil
    }
    guard task.isEmpty || family.hasTasks else { return nil }
    guard let head = head(of: task, family) else { return nil }
    let isClassifier = task == "cls"
    var entries: [(String, AttributeValue)] = [
      ("nc", .int(isClassifier ? 1000 : task == "pose" ? family.poseClassCount : 80))
    ]
    if !isClassifier { entries += family.extras }
    if task == "pose" { entries.append(("kpt_shape", .list([.int(17), .int(3)]))) }
    let scales = isClassifier ? family.classifierScales ?? family.scales : family.scales
    if !scales.isEmpty {
      entries.append(
        (
          "scales",
          .dictionary(
            scales.map {
              AttributeEntry(
                key: .string($0.letter),
                value: .list([.float($0.depth), .float($0.width), .int($0.maximum)]))
            })
        ))
    }
    var backbone = layers(family.backbone)
    if isClassifier, !family.withoutForClassifier.isEmpty {
      backbone.removeAll { $0.elements?[2].string == family.withoutForClassifier }
    }
    entries.append(("backbone", .list(backbone)))
    entries.append(("head", .list(layers(isClassifier ? head : "\(family.neck)|\(head)"))))
    return entries.map { AttributeEntry(key: .string($0.0), value: $0.1) }
  }

  private static func head(of task: String, _ family: Family) -> String? {
    switch task {
    case "": "@\(family.levels) \(family.headName) nc"
    case "seg": "@\(family.levels) Segment\(family.suffix) nc 32 256"
    case "pose": "@\(family.levels) Pose\(family.suffix) nc kpt_shape"
    case "obb": "@\(family.levels) OBB\(family.suffix) nc 1"
    case "cls": "Classify nc"
    default: nil
    }
  }

  /// Reads the notation.
  private static func layers(_ text: String) -> [AttributeValue] {
    text.split(separator: "|").map { layer in
      var from = AttributeValue.int(-1)
      var count = 1
      var className = ""
      var arguments: [AttributeValue] = []
      for word in layer.split(separator: " ") {
        if word.hasPrefix("@") {
          let numbers = word.dropFirst().split(separator: ",").compactMap { Int($0) }
          from =
            numbers.count == 1
            ? .int(numbers[0]) : .list(numbers.map(AttributeValue.int))
        } else if className.isEmpty, word.hasSuffix("x"), let number = Int(word.dropLast()) {
          count = number
        } else if className.isEmpty {
          className = String(word)
        } else if let number = Int(word) {
          arguments.append(.int(number))
        } else if let number = Double(word) {
          arguments.append(.float(number))
        } else if word == "true" || word == "false" {
          arguments.append(.bool(word == "true"))
        } else {
          arguments.append(.string(String(word)))
        }
      }
      if className == "up" {
        className = "nn.Upsample"
        arguments = [.string("None"), .int(2), .string("nearest")]
      }
      return .list([from, .int(count), .string(className), .list(arguments)])
    }
  }

  // MARK: - Parts that families share

  private static func stem(_ kind: String, stages: [String], down: String = "Conv") -> String {
    "Conv 64 3 2|Conv 128 3 2|\(stages[0])|Conv 256 3 2|\(stages[1])|\(down) 512 3 2|\(stages[2])"
      + "|\(down) 1024 3 2|\(stages[3])\(kind)"
  }

  /// A path down to the finest level and up again; `last` is the last layer of the backbone.
  private static func neck(
    _ blocks: [String], last: Int, down: (String, String) = ("Conv", "Conv")
  ) -> String {
    "up|@-1,6 Concat 1|\(blocks[0])|up|@-1,4 Concat 1|\(blocks[1])|\(down.0) 256 3 2"
      + "|@-1,\(last + 3) Concat 1|\(blocks[2])|\(down.1) 512 3 2|@-1,\(last) Concat 1|\(blocks[3])"
  }

  private typealias Scale = (letter: String, depth: Double, width: Double, maximum: Int)

  private static let scalesOf8: [Scale] = [
    ("n", 0.33, 0.25, 1024), ("s", 0.33, 0.5, 1024), ("m", 0.67, 0.75, 768), ("l", 1, 1, 512),
    ("x", 1, 1.25, 512),
  ]
  private static let scalesOf11: [Scale] = [
    ("n", 0.5, 0.25, 1024), ("s", 0.5, 0.5, 1024), ("m", 0.5, 1, 512), ("l", 1, 1, 512),
    ("x", 1, 1.5, 512),
  ]

  /// The stages of YOLO11 and YOLO26, which differ from those of YOLO12 in the last two.
  private static let wideStages = [
    "2x C3k2 256 false 0.25", "2x C3k2 512 false 0.25", "2x C3k2 512 true", "2x C3k2 1024 true",
  ]

  private static let families: [String: Family] = {
    var families: [String: Family] = [:]
    families["yolov8"] = Family(
      scales: scalesOf8,
      classifierScales: scalesOf8.map { ($0.letter, $0.depth, $0.width, 1024) },
      backbone: stem(
        "|SPPF 1024 5",
        stages: ["3x C2f 128 true", "6x C2f 256 true", "6x C2f 512 true", "3x C2f 1024 true"]),
      withoutForClassifier: "SPPF",
      neck: neck(["3x C2f 512", "3x C2f 256", "3x C2f 512", "3x C2f 1024"], last: 9),
      levels: "15,18,21", poseClassCount: 1)
    families["yolo11"] = Family(
      scales: scalesOf11, backbone: stem("|SPPF 1024 5|2x C2PSA 1024", stages: wideStages),
      withoutForClassifier: "SPPF",
      neck: neck(
        ["2x C3k2 512 false", "2x C3k2 256 false", "2x C3k2 512 false", "2x C3k2 1024 true"],
        last: 10),
      levels: "16,19,22")
    families["yolo12"] = Family(
      scales: scalesOf11,
      backbone: stem(
        "",
        stages: [
          wideStages[0], wideStages[1], "4x A2C2f 512 true 4", "4x A2C2f 1024 true 1",
        ]),
      neck: neck(
        [
          "2x A2C2f 512 false -1", "2x A2C2f 256 false -1", "2x A2C2f 512 false -1",
          "2x C3k2 1024 true",
        ], last: 8),
      levels: "14,17,20")
    families["yolo26"] = Family(
      scales: scalesOf11,
      backbone: stem("|SPPF 1024 5 3 true|2x C2PSA 1024", stages: wideStages),
      withoutForClassifier: "SPPF",
      neck: neck(
        [
          "2x C3k2 512 true", "2x C3k2 256 true", "2x C3k2 512 true",
          "1x C3k2 1024 true 0.5 true",
        ], last: 10),
      levels: "16,19,22", suffix: "26",
      extras: [("end2end", .bool(true)), ("reg_max", .int(1))])
    families["yolov5"] = Family(
      scales: [
        ("n", 0.33, 0.25, 1024), ("s", 0.33, 0.5, 1024), ("m", 0.67, 0.75, 1024),
        ("l", 1, 1, 1024), ("x", 1.33, 1.25, 1024),
      ],
      backbone:
        "Conv 64 6 2 2|Conv 128 3 2|3x C3 128|Conv 256 3 2|6x C3 256|Conv 512 3 2|9x C3 512"
        + "|Conv 1024 3 2|3x C3 1024|SPPF 1024 5",
      neck:
        "Conv 512 1 1|up|@-1,6 Concat 1|3x C3 512 false|Conv 256 1 1|up|@-1,4 Concat 1"
        + "|3x C3 256 false|Conv 256 3 2|@-1,14 Concat 1|3x C3 512 false|Conv 512 3 2"
        + "|@-1,10 Concat 1|3x C3 1024 false",
      levels: "17,20,23", hasTasks: false)
    families["yolov6"] = Family(
      scales: scalesOf8,
      backbone:
        "Conv 64 3 2|Conv 128 3 2|6x Conv 128 3 1|Conv 256 3 2|12x Conv 256 3 1|Conv 512 3 2"
        + "|18x Conv 512 3 1|Conv 1024 3 2|6x Conv 1024 3 1|SPPF 1024 5",
      neck:
        "Conv 256 1 1|nn.ConvTranspose2d 256 2 2 0|@-1,6 Concat 1|Conv 256 3 1|9x Conv 256 3 1"
        + "|Conv 128 1 1|nn.ConvTranspose2d 128 2 2 0|@-1,4 Concat 1|Conv 128 3 1|9x Conv 128 3 1"
        + "|Conv 128 3 2|@-1,15 Concat 1|Conv 256 3 1|9x Conv 256 3 1|Conv 256 3 2"
        + "|@-1,10 Concat 1|Conv 512 3 1|9x Conv 512 3 1",
      levels: "19,23,27", extras: [("activation", .string("torch.nn.ReLU()"))], hasTasks: false)
    for (letter, family) in tenth { families["yolov10\(letter)"] = family }
    for (letter, family) in ninth { families["yolov9\(letter)"] = family }
    return families
  }()

  /// YOLOv10: its inverted blocks stand in other stages in every size.
  private static let tenth: [(String, Family)] = {
    let sizes: [(Scale, [String], [String])] = [
      (
        ("n", 0.33, 0.25, 1024), ["6x C2f 512 true", "3x C2f 1024 true"],
        ["3x C2f 512", "3x C2f 512", "3x C2fCIB 1024 true true"]
      ),
      (
        ("s", 0.33, 0.5, 1024), ["6x C2f 512 true", "3x C2fCIB 1024 true true"],
        ["3x C2f 512", "3x C2f 512", "3x C2fCIB 1024 true true"]
      ),
      (
        ("m", 0.67, 0.75, 768), ["6x C2f 512 true", "3x C2fCIB 1024 true"],
        ["3x C2f 512", "3x C2fCIB 512 true", "3x C2fCIB 1024 true"]
      ),
      (
        ("b", 0.67, 1, 512), ["6x C2f 512 true", "3x C2fCIB 1024 true"],
        ["3x C2fCIB 512 true", "3x C2fCIB 512 true", "3x C2fCIB 1024 true"]
      ),
      (
        ("l", 1, 1, 512), ["6x C2f 512 true", "3x C2fCIB 1024 true"],
        ["3x C2fCIB 512 true", "3x C2fCIB 512 true", "3x C2fCIB 1024 true"]
      ),
      (
        ("x", 1, 1.25, 512), ["6x C2fCIB 512 true", "3x C2fCIB 1024 true"],
        ["3x C2fCIB 512 true", "3x C2fCIB 512 true", "3x C2fCIB 1024 true"]
      ),
    ]
    return sizes.map { scale, stages, blocks in
      (
        scale.letter,
        Family(
          scales: [scale],
          backbone: stem(
            "|SPPF 1024 5|PSA 1024",
            stages: ["3x C2f 128 true", "6x C2f 256 true"] + stages, down: "SCDown"),
          neck: neck(
            [blocks[0], "3x C2f 256", blocks[1], blocks[2]], last: 10, down: ("Conv", "SCDown")),
          levels: "16,19,22", hasTasks: false, headName: "v10Detect")
      )
    }
  }()

  /// YOLOv9 without its auxiliary branches.
  private static let ninth: [(String, Family)] = {
    func family(
      stem: [Int], first: String, widths: [Int], count: Int, down: String, downs: [Int]
    ) -> Family {
      func block(_ width: Int) -> String {
        "RepNCSPELAN4 \(width) \(down == "ADown" && width == 256 ? 128 : width) "
          + "\(down == "ADown" && width == 256 ? 64 : width / 2) \(count)"
      }
      let (a, b, c) = (widths[0], widths[1], widths[2])
      let wide = down == "ADown"
      let second = wide ? "RepNCSPELAN4 512 256 128 1" : block(a)
      let finest = wide ? "RepNCSPELAN4 256 256 128 1" : block(a)
      return Family(
        backbone:
          "Conv \(stem[0]) 3 2|Conv \(stem[1]) 3 2|\(first)|\(down) \(wide ? 256 : a)|\(second)"
          + "|\(down) \(b)|\(block(b))|\(down) \(c)|\(block(c))|SPPELAN \(c) \(c / 2)",
        neck:
          "up|@-1,6 Concat 1|\(block(b))|up|@-1,4 Concat 1|\(finest)|\(down) \(downs[0])"
          + "|@-1,12 Concat 1|\(block(b))|\(down) \(downs[1])|@-1,9 Concat 1|\(block(c))",
        levels: "15,18,21", hasTasks: false)
    }
    return [
      (
        "t",
        family(
          stem: [16, 32], first: "ELAN1 32 32 16", widths: [64, 96, 128], count: 3, down: "AConv",
          downs: [48, 64])
      ),
      (
        "s",
        family(
          stem: [32, 64], first: "ELAN1 64 64 32", widths: [128, 192, 256], count: 3,
          down: "AConv", downs: [96, 128])
      ),
      (
        "m",
        family(
          stem: [32, 64], first: "RepNCSPELAN4 128 128 64 1", widths: [240, 360, 480], count: 1,
          down: "AConv", downs: [180, 240])
      ),
      (
        "c",
        family(
          stem: [64, 128], first: "RepNCSPELAN4 256 128 64 1", widths: [256, 512, 512], count: 1,
          down: "ADown", downs: [256, 512])
      ),
    ]
  }()
}
