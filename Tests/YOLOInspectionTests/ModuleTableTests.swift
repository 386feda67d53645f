import Testing
import YOLO
import YOLOGraph
import YOLOInspection
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// What `yolo info --layers` says of modules and steps.
@Suite struct ModuleTableTests {
  private static let size = Size(width: 224, height: 160)

  private static func plan(_ model: Model) throws -> Plan {
    try model.plan(
      for: size, options: try PredictOptions(imageSize: size, isRectangular: false))
  }

  @Test(arguments: Shipped.tasks) func totalsAreThoseOfThePlan(task: String) throws {
    let model = try Shipped.model(task)
    let plan = try Self.plan(model)
    let table = try ModuleTable(model, input: Self.size)
    #expect(table.macs == plan.macs)
    #expect(table.layers.map(\.path) == model.network.layers.map(\.path))
    #expect(table.layers.map(\.parameterCount) == model.network.layers.map(\.parameterCount))
    #expect(table.rows.count > 2 * table.layers.count)
    // A module's parts cost no more than itself.
    for row in table.rows {
      let parts = table.rows.filter { $0.path.hasPrefix(row.path + ".") }
      #expect(parts.allSatisfy { $0.macs <= row.macs }, "\(row.path)")
      #expect(parts.allSatisfy { $0.parameterCount <= row.parameterCount }, "\(row.path)")
    }
    let steps = StepTable(plan)
    #expect(steps.rows.map(\.path) == plan.steps.map(\.path))
    #expect(
      steps.rows.allSatisfy { $0.offset >= 0 && $0.offset + $0.byteCount <= steps.arenaBytes })
  }

  /// Every row says the shape that the module's tensor has.
  @Test(arguments: Shipped.tasks) func shapesAreThoseOfTheTensors(task: String) throws {
    let model = try Shipped.model(task)
    let table = try ModuleTable(model, input: Self.size)
    let image = try Image(size: Self.size, gray: 90)
    let trace = try model.trace(
      image, taps: table.rows.map(\.path),
      options: try PredictOptions(imageSize: Self.size, isRectangular: false))
    #expect(trace.input.shape == [1, 3, Self.size.height, Self.size.width])
    for row in table.rows { #expect(trace.tensors[row.path]?.shape == row.output, "\(row.path)") }
  }

  @Test func receptiveFieldsAreWhatTheyAre() throws {
    let table = try ModuleTable(
      try Shipped.model("detect"), input: Size(width: 320, height: 320))
    func field(_ path: String) -> ReceptiveField? {
      table.rows.first { $0.path == path }?.receptiveField
    }
    // Two 3×3 convolutions of stride 2: 3, then 3 + 2 · 2.
    #expect(field("model.0") == ReceptiveField(size: 3, stride: 2))
    #expect(field("model.1") == ReceptiveField(size: 7, stride: 4))
    // 1×1 adds nothing; each 3×3 of stride 1 adds two of its strides.
    #expect(field("model.2.cv1") == ReceptiveField(size: 7, stride: 4))
    #expect(field("model.2.m.0.cv1") == ReceptiveField(size: 15, stride: 4))
    #expect(field("model.2") == ReceptiveField(size: 23, stride: 4))
    // Upsampling halves the stride and sees no more.
    let (before, after) = (try #require(field("model.9")), try #require(field("model.10")))
    #expect(before.stride == 32 && after == ReceptiveField(size: before.size, stride: 16))
    #expect(
      try ModuleTable(try Shipped.model("classify"), input: Size(width: 64, height: 64))
        .rows.last?.receptiveField.size == nil)
  }

  /// A change of one input pixel is seen exactly as far as the receptive field reaches.
  @Test func theFieldIsWhatAPixelChanges() throws {
    // The kernels of Winograd forms round whole tiles at once.
    let model = try Shipped.model("detect", RuntimeOptions(backend: .oracle))
    let side = 256
    let options = try PredictOptions(
      imageSize: Size(width: side, height: side), isRectangular: false)
    var random = SplitMix64(seed: 4)
    var pixels = (0..<3 * side * side).map { _ in UInt8.random(in: 60...190, using: &random) }
    let size = Size(width: side, height: side)
    let paths = ["model.0", "model.1", "model.2", "model.3"]
    let table = try ModuleTable(model, input: size)
    let before = try model.trace(
      Image(size: size, pixels: pixels), taps: paths, options: options)
    let (x, y) = (128, 128)
    for channel in 0..<3 { pixels[3 * (y * side + x) + channel] ^= 0xFF }
    let after = try model.trace(
      Image(size: size, pixels: pixels), taps: paths, options: options)
    for path in paths {
      let row = try #require(table.rows.first { $0.path == path })
      let (one, other) = (
        try #require(before.tensors[path]), try #require(after.tensors[path])
      )
      let (height, width) = (one.shape[2], one.shape[3])
      var columns = Set<Int>()
      for index in one.values.indices where one.values[index] != other.values[index] {
        columns.insert(index % width)
      }
      #expect(height == width && !columns.isEmpty)
      let span = (columns.max() ?? 0) - (columns.min() ?? 0) + 1
      let field = Double(try #require(row.receptiveField.size))
      // A pixel is in as many fields as strides fit into one.
      let most = Int((field / row.receptiveField.stride).rounded(.up))
      #expect(span <= most && span >= most - 2, "\(path): \(span) of \(most)")
    }
  }
}
