import YOLO
import YOLOGeometry
import YOLOGraph
import YOLOImage
import YOLOKernels
import YOLOModels
import YOLOOptions
import YOLOTestSupport
import YOLOWeights

/// A damaged checkpoint and how it is run: all of it follows from a seed and a number.
package struct FuzzCase {
  /// How a case ended.
  package enum Ending: Hashable {
    /// With a prediction of so many objects or classes.
    case predicted
    /// With a typed error of a code.
    case refused(String)
    /// With what must not happen: an error without bound, JSON that cannot be read.
    case wrong(String)
  }

  /// The number of the case.
  package let number: Int
  /// The base that was damaged.
  package let base: String
  /// What was done to it.
  package let damage: [String]

  /// The errors on the way to the end, where modules were mended.
  package private(set) var messages = [String]()

  private var sketch: CheckpointSketch
  private let setting: Setting
  private var random: SplitMix64

  /// Creates the case of a number.
  package init(_ number: Int, seed: UInt64, bases: FuzzBases) {
    self.number = number
    // Neighboring numbers have unrelated sequences.
    var start = SplitMix64(
      seed: seed ^ (UInt64(truncatingIfNeeded: number) &* 0xD134_2543_DE82_EF95))
    random = SplitMix64(seed: start.next())
    if number % 2 == 0 {
      // Half of the cases go through all attributes and values, in an order that mixes the blocks.
      let entry = bases.sweep[number / 2 % bases.sweep.count &* 7919 % bases.sweep.count]
      base = bases.single[entry.base].name
      sketch = bases.single[entry.base].sketch.copy()
      sketch.root[entry.path]?[attribute: entry.key] = entry.value
      damage = ["\(entry.path): \(entry.key) = \(entry.value.summary)"]
      // Windows and channels with the weights that they ask for.
      if Bool.random(using: &random) { sketch.root[entry.path]?.fitTensors(using: &random) }
      setting = Setting(using: &random)
      return
    }
    let base: FuzzBases.Base
    switch Int.random(in: 0..<100, using: &random) {
    case 0: base = Self.pick(bases.shipped, &random)
    case 1..<9: base = Self.pick(bases.tiny, &random)
    default: base = Self.pick(bases.single, &random)
    }
    self.base = base.name
    sketch = base.sketch.copy()
    var damage = Damage(
      spares: bases.spares, parts: bases.parts, focus: base.focus,
      using: SplitMix64(seed: random.next()))
    let count = [1, 1, 2, 2, 3, 4, 6, 8][Int.random(in: 0..<8, using: &random)]
    for _ in 0..<count { damage.apply(to: &sketch) }
    self.damage = damage.log
    setting = Setting(using: &random)
  }

  /// How the case is run.
  package var description: String {
    "\(setting.format), \(setting.runtime.backend) \(setting.runtime.instructionSet), "
      + "\(setting.runtime.threads) thread(s), \(setting.runtime.branch), image "
      + "\(setting.image.width)×\(setting.image.height), "
      + "imgsz \(setting.options.imageSize.map { "\($0.width)" } ?? "none")"
      + (setting.heals ? ", mended" : "") + (setting.looksInside ? ", traced" : "")
  }

  private static func pick<Element>(_ elements: [Element], _ random: inout SplitMix64) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &random)]
  }

  /// Writes, opens, builds, plans and predicts; where modules do not fit each other, again with
  /// them mended, a bounded number of times.
  package mutating func run() -> Ending {
    var ending = Ending.refused("none")
    for _ in 0..<(setting.heals ? 8 : 1) {
      let bytes = sketch.bytes(setting.format)
      do {
        let checkpoint = try Checkpoint(bytes: bytes, name: "case")
        let model = try Model(checkpoint, named: "case", options: setting.runtime)
        return try predict(model)
      } catch {
        messages.append("\(error)")
        ending = Self.ending(of: error)
        guard setting.heals, let checkpoint = try? Checkpoint(bytes: bytes, name: "case") else {
          return ending
        }
        do {
          _ = try Network(checkpoint, branch: setting.runtime.branch)
          return ending
        } catch {
          guard sketch.heal(error, using: &random) else { return ending }
        }
      }
    }
    return ending
  }

  private mutating func predict(_ model: Model) throws -> Ending {
    let results = try model.predictBlocking(setting.image, options: setting.options)
    let line = results.jsonLine()
    guard line.count < 1 << 28 else { return .wrong("\(line.count) bytes of JSON") }
    // Longer lines have more values than the reader accepts.
    if line.count < 4 << 20, let failure = JSONCheck.failure(of: line) { return .wrong(failure) }
    if setting.looksInside {
      _ = model.network.graph.receptiveFields()
      _ = try? model.network.graph.macs(height: 64, width: 64)
      let paths = model.modulePaths()
      _ = try model.trace(
        setting.image, taps: [Self.pick(paths, &random)], options: setting.options)
    }
    return .predicted
  }

  /// The longest error text: what a message says of a file's content is cut.
  private static let messageLimit = 8000

  private static func ending(of error: any Error) -> Ending {
    switch error {
    case let error as YOLOError:
      error.message.utf8.count <= messageLimit
        ? .refused(error.code.rawValue)
        : .wrong("a message of \(error.message.utf8.count) bytes: \(error.message.prefix(200))…")
    case let error as WeightError:
      "\(error)".utf8.count <= messageLimit
        ? .refused("file") : .wrong("a message of \("\(error)".utf8.count) bytes")
    default: .wrong("an error of another type: \(type(of: error))")
    }
  }

  /// How a case is run.
  private struct Setting {
    let format: CheckpointSketch.Format
    let heals: Bool
    let looksInside: Bool
    let runtime: RuntimeOptions
    let options: PredictOptions
    let image: Image

    init(using random: inout SplitMix64) {
      func chance(_ one: Int, _ random: inout SplitMix64) -> Bool {
        Int.random(in: 0..<one, using: &random) == 0
      }
      format =
        chance(3, &random)
        ? FuzzCase.pick([.torch, .torch, .deflatedTorch, .legacyTorch], &random) : .safetensors
      heals = !chance(4, &random)
      looksInside = chance(10, &random)
      let backend = chance(12, &random) ? FuzzCase.pick(Backend.available, &random) : .native
      var runtime = RuntimeOptions(
        backend: backend.isInstalled ? backend : .native,
        instructionSet: FuzzCase.pick(InstructionSet.available, &random),
        threads: chance(4, &random) ? 2 : 1, concurrency: 1,
        branch: chance(3, &random) ? .oneToOne : .oneToMany)
      // Less than by default, so that what is within the limits is quick: seconds at the most.
      runtime.limits = PlanLimits(
        memory: 256 << 20, work: runtime.backend == .native ? 1 << 32 : 1 << 26)
      self.runtime = runtime
      let sides = [32, 32, 40, 64, 64, 96]
      let side = FuzzCase.pick(sides, &random)
      let size = Size(width: FuzzCase.pick(sides, &random), height: FuzzCase.pick(sides, &random))
      let count = 3 * size.width * size.height
      var pixels = [UInt8](repeating: 0, count: count)
      for index in 0..<count {
        pixels[index] = UInt8(truncatingIfNeeded: index &* 37 &+ index / 61)
      }
      image = Image(knownSize: size, pixels: pixels)
      options =
        (try? PredictOptions(
          imageSize: Size(width: side, height: side), confidence: 0.01,
          iouThreshold: chance(4, &random) ? 0 : 0.45,
          maxDetections: chance(8, &random) ? 30_000 : 300,
          isAgnostic: chance(4, &random), isRectangular: chance(2, &random),
          hasRetinaMasks: chance(4, &random))) ?? .standard
    }
  }
}
