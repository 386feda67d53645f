import Foundation
import Testing
import YOLOModels
import YOLOOptions

/// What the catalog says is what the code says.
@Suite struct CatalogTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let catalog = root.appending(path: "Sources/Runtime/YOLO/YOLO.docc")

  private static func article(_ name: String) throws -> String {
    try String(contentsOf: catalog.appending(path: "\(name).md"), encoding: .utf8)
  }

  /// The lines between two marks, by the name of the example, without their common indentation.
  private static func examples() throws -> [String: String] {
    var examples = [String: String]()
    for file in ["EmbeddingExamples", "InspectionExamples"] {
      let text = try String(
        contentsOf: root.appending(path: "Tests/ExampleTests/\(file).swift"), encoding: .utf8)
      var name: String?
      var lines = [String]()
      for line in text.components(separatedBy: "\n") {
        let content = line.trimmingCharacters(in: .whitespaces)
        if content.hasPrefix("// example: ") {
          name = String(content.dropFirst("// example: ".count))
          lines = []
        } else if content == "// end", let example = name {
          #expect(examples[example] == nil, "\(example) is there twice")
          examples[example] = unindented(lines)
          name = nil
        } else {
          lines.append(line)
        }
      }
      #expect(name == nil, "an example does not end")
    }
    return examples
  }

  private static func unindented(_ lines: [String]) -> String {
    let depth =
      lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    return lines.map { String($0.dropFirst(depth)) }.joined(separator: "\n")
  }

  /// The Swift blocks of a text; manifests and shell commands are no Swift code that runs here.
  private static func blocks(_ text: String) -> [String] {
    var blocks = [String]()
    var lines: [String]?
    for line in text.components(separatedBy: "\n") {
      if line == "```swift" {
        lines = []
      } else if line == "```", let block = lines {
        blocks.append(block.joined(separator: "\n"))
        lines = nil
      } else {
        lines?.append(line)
      }
    }
    return blocks.filter { !$0.hasPrefix(".package(") && !$0.hasPrefix("// swift-tools-version") }
  }

  @Test func everyBlockIsAnExampleThatRuns() throws {
    let examples = try Self.examples()
    #expect(examples.count >= 18)
    var used = Set<String>()
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.catalog.path)
      .filter { $0.hasSuffix(".md") }
    #expect(files.count >= 12)
    for file in files {
      let text = try Self.article(String(file.dropLast(3)))
      for block in Self.blocks(text) {
        let name = examples.first { Self.code($0.value) == Self.code(block) }?.key
        #expect(name != nil, "\(file): no example is\n\(block)")
        if let name { used.insert(name) }
      }
    }
    #expect(used == Set(examples.keys), "examples that no article shows")
  }

  /// What a block says, and the module that it then must import.
  private static let modules: [(module: String, pattern: String)] = [
    ("Foundation", #"JSONEncoder"#),
    ("Testing", #"\bexpect(Verified|Prediction)\("#),
    ("YOLODrawing", #"DrawingOptions|\.drawn\("#),
    (
      "YOLOImageIO", #"Image(Reader|Writer)\.|ImageIOError|ImageSource\((path|bytes):"#
    ),
    (
      "YOLOInspection",
      #"ModuleTable|FeatureMosaic|ActivationOverlay|HeadLevel|\.difference\(|TapSelection"#
    ),
    ("YOLOPlot", #"NetworkDrawing"#),
    ("YOLOTesting", #"GoldenCase|\bexpect(Verified|Prediction)\("#),
  ]

  /// Each block can be pasted into a file: it begins with the modules that it needs, and no other.
  @Test func blocksShowTheirImports() throws {
    var count = 0
    for file in try FileManager.default.contentsOfDirectory(atPath: Self.catalog.path)
    where file.hasSuffix(".md") {
      for block in Self.blocks(try Self.article(String(file.dropLast(3)))) {
        count += 1
        let lines = block.components(separatedBy: "\n")
        let imports = lines.prefix { $0.hasPrefix("import ") }.map { $0.dropFirst("import ".count) }
        // This one imports `YOLO` and `YOLOImageIO` for its user.
        let foundation = block.range(
          of: #"jsonData|contentsOf: checkpoint"#, options: .regularExpression)
        let needed =
          foundation != nil
          ? ["YOLOFoundation"]
          : Self.modules.filter { block.range(of: $0.pattern, options: .regularExpression) != nil }
            .map(\.module) + ["YOLO"]
        #expect(imports.map { String($0) } == needed.sorted(), "\(file):\n\(block)")
        #expect(lines[imports.count].isEmpty, "\(file):\n\(block)")
      }
    }
    #expect(count >= 22)
  }

  /// The manifest of an example depends on products that there are.
  @Test func manifestsNameProducts() throws {
    let manifest = try String(
      contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
    let article = try Self.article("GettingStarted")
    let products = article.components(separatedBy: ".product(name: \"").dropFirst()
      .compactMap { $0.split(separator: "\"").first }
    #expect(products == ["YOLO", "YOLOImageIO"])
    let rows = article.components(separatedBy: "\n").filter { $0.hasPrefix("| `YOLO") }
    let named = rows.flatMap { $0.split(separator: "|")[0].split(separator: "`") }
      .filter { $0.hasPrefix("YOLO") }
    #expect(named.count == 7)
    for product in products + named {
      #expect(manifest.contains(".library(name: \"\(product)\""), "\(product)")
    }
  }

  /// The code without imports, which an example has at its file's head, and with variables where an
  /// article has names of files.
  private static func code(_ text: String) -> String {
    text.replacing("\"yolov8n.pt\"", with: "checkpoint").replacing("\"photo.jpg\"", with: "photo")
      .components(separatedBy: "\n").filter { !$0.hasPrefix("import ") }
      .joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func theReadmesExampleRuns() throws {
    let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    let first = try #require(Self.blocks(readme).first)
    let example = try #require(try Self.examples()["first"])
    #expect(Self.code(first) == example)
  }

  /// Every path in the sources that an article or a page names is there.
  @Test func pathsAreThoseOfTheTree() throws {
    let files = FileManager.default
    let articles = try files.contentsOfDirectory(atPath: Self.catalog.path)
      .filter { $0.hasSuffix(".md") }.map { "Sources/Runtime/YOLO/YOLO.docc/\($0)" }
    let pages = ["README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"]
    var count = 0
    for page in pages + articles {
      let text = try String(contentsOf: Self.root.appending(path: page), encoding: .utf8)
      for match in text.matches(
        of: /\bSources\/(?:Runtime|Vision|Data|Inspection|Server|Command|YOLO|Kernel)[\w.\/+-]*/)
      {
        var path = String(match.output)
        while path.hasSuffix(".") { path.removeLast() }
        count += 1
        #expect(
          files.fileExists(atPath: Self.root.appending(path: path).path), "\(page): \(path)")
      }
    }
    #expect(count > 10)
  }

  /// A row an option: name, range, default, as `PredictOption` has them, in its order.
  @Test func optionsAreThoseOfTheCode() throws {
    let rows = try Self.article("OptionsAndRanges").components(separatedBy: "\n")
      .filter { $0.hasPrefix("| `") }
    #expect(rows.count == PredictOption.all.count)
    for (row, option) in zip(rows, PredictOption.all) {
      var cells = ["`\(option.name)`"]
      switch option.schema {
      case .integer, .number: cells += [option.schema.range ?? "", option.defaultText ?? ""]
      case .flag: cells += ["true, false", option.defaultText ?? ""]
      case .size: cells.append(option.schema.range ?? "")
      case .classes, .text: break
      }
      #expect(row.hasPrefix("| " + cells.joined(separator: " | ") + " |"), "\(option.name)")
    }
  }

  /// All classes that a checkpoint may have are listed, and no other.
  @Test func modulesAreThoseOfTheCode() throws {
    let article = try Self.article("SupportedModels")
    let table = article.components(separatedBy: "\n").filter { $0.hasPrefix("| ") }
    let words = Set(
      table.flatMap { row in
        row.split { !$0.isLetter && !$0.isNumber }.map { String($0) }
      })
    let known = Set(KnownModules.classNames)
    #expect(known.count > 50)
    #expect(words.isSuperset(of: known), "\(known.subtracting(words))")
  }
}
