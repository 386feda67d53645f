import Foundation
import Testing
import YOLO
import YOLOImageIO

/// Classes to keep, by name.
@Suite struct ClassNameOptionTests {
  /// Has the classes person, café au lait, traffic light and 自転車.
  private let model: Model
  private let image: Image
  private let options: PredictOptions

  init() throws {
    model = try Model(path: GoldenCase.url("checkpoints/tiny-detect.pt").path)
    image = try ImageReader.read(contentsOf: GoldenCase.url("images/odd.png").path)
    options = try PredictOptions(imageSize: Size(width: 160, height: 160), confidence: 0.01)
  }

  @Test func namesAndIndicesAreTheSameClasses() async throws {
    #expect(model.names.map(\.name) == ["person", "café au lait", "traffic light", "自転車"])
    func found(_ change: (inout PredictOptions.Values) -> Void) async throws -> [Instance] {
      try await model.predict(image, options: options.with(change)).instances
    }
    for (index, name) in model.names {
      let byIndex = try await found { $0.classes = [index] }
      #expect(try await found { $0.classNames = [name] } == byIndex)
    }
    let both = try await found { $0.classes = [0, 3] }
    #expect(!both.isEmpty)
    #expect(try await found { $0.classNames = ["自転車", "person"] } == both)
    let mixed = try await found {
      $0.classes = [0]
      $0.classNames = ["自転車"]
    }
    #expect(mixed == both)
    // Both forms of é are one name.
    let composed = try await found { $0.classNames = ["caf\u{E9} au lait"] }
    #expect(try await found { $0.classNames = ["cafe\u{301} au lait"] } == composed)
  }

  @Test func resolvedOptionsHaveIndicesAlone() throws {
    let named = try options.with {
      $0.classes = [1]
      $0.classNames = ["person"]
    }
    #expect(try model.resolved(named) == options.with { $0.classes = [0, 1] })
    #expect(try model.resolved(options) == options)
  }

  @Test(arguments: [
    ("preson", "; like it are \"person\""), ("Person", "; like it are \"person\""),
    ("trafic-light", "; like it are \"traffic light\""), ("elephant", ""), ("", ""),
    (String(repeating: "person", count: 100_000), ""),
  ]) func unknownNamesAreRefused(_ name: String, _ hint: String) async throws {
    let wrong = try options.with { $0.classNames = [name, "person"] }
    let error = await #expect(throws: YOLOError.self) {
      try await model.predict(image, options: wrong)
    }
    #expect(error?.code == .option)
    let given = name.count > 40 ? String(name.prefix(40)) + "…" : name
    #expect(
      error?.message
        == "classes must be names of the 4 classes of this model, but \"\(given)\" was given\(hint)"
    )
  }
}
