import Testing
import YOLOEvaluation
import YOLOGeometry
import YOLOTestSupport

@Suite struct EvaluationPlanTests {
  @Test func plansLikeUltralytics() throws {
    var fixture = try Fixture("plan.bin")
    for _ in 0..<(try fixture.integers(1)[0]) {
      let header = try fixture.integers(3)
      let sides = try fixture.integers(2 * header[0])
      let sizes = (0..<header[0]).map { Size(width: sides[2 * $0 + 1], height: sides[2 * $0]) }
      let plan = EvaluationPlan(
        sizes: sizes, imageSize: header[1], stride: 32, batchSize: header[2])
      #expect(plan.batches.allSatisfy { (1...header[2]).contains($0.count) })
      let inputs = Dictionary(
        plan.batches.joined().map { ($0.index, $0.letterbox) },
        uniquingKeysWith: { first, _ in first })
      #expect(inputs.count == header[0])
      for _ in 0..<header[0] {
        let expected = try fixture.integers(7)
        let letterbox = try #require(inputs[expected[0]])
        #expect(letterbox.source == sizes[expected[0]])
        #expect(letterbox.padded == Size(width: expected[2], height: expected[1]))
        #expect(letterbox.resized == Size(width: expected[4], height: expected[3]))
        #expect([letterbox.left, letterbox.top] == [expected[5], expected[6]])
      }
    }
    #expect(fixture.isAtEnd)
  }

  @Test func extremeSizes() {
    let plan = EvaluationPlan(
      sizes: [Size(width: 1, height: 100_000), Size(width: 100_000, height: 1)], imageSize: 32,
      stride: 64, batchSize: 1)
    let sizes = plan.batches.joined().map(\.letterbox.resized)
    #expect(sizes == [Size(width: 32, height: 1), Size(width: 1, height: 32)])
    #expect(EvaluationPlan(sizes: [], imageSize: 640, stride: 32).batches.isEmpty)
  }

  private struct Labels {
    let image: Int
    let classIndex: Int
    let polygon: Polygon
  }

  private struct Inputs {
    let labels: [Labels]
    let inputs: [Int: EvaluationInput]
  }

  /// Reads images of a label fixture with their labels.
  private func inputs(_ fixture: inout Fixture) throws -> Inputs {
    let header = try fixture.integers(3)
    let sides = try fixture.integers(2 * header[0])
    let sizes = (0..<header[0]).map { Size(width: sides[2 * $0 + 1], height: sides[2 * $0]) }
    let plan = EvaluationPlan(sizes: sizes, imageSize: header[1], stride: 32, batchSize: header[2])
    let labels = try (0..<6 * header[0]).map { _ in
      let row = try fixture.integers(3)
      let values = try fixture.floats(2 * row[2])
      return Labels(
        image: row[0], classIndex: row[1],
        polygon: Polygon(
          points: (0..<row[2]).map { Point(x: values[2 * $0], y: values[2 * $0 + 1]) }))
    }
    return Inputs(
      labels: labels,
      inputs: Dictionary(
        plan.batches.joined().map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first }))
  }

  @Test func masksLikeUltralytics() throws {
    var fixture = try Fixture("segment-labels.bin")
    let all = try inputs(&fixture)
    for _ in all.inputs {
      let header = try fixture.integers(3)
      let input = try #require(all.inputs[header[0]])
      #expect(input.letterbox.padded == Size(width: header[2], height: header[1]))
      let labels = all.labels.filter { $0.image == header[0] }
      let classes = try fixture.integers(labels.count)
      let (masks, order) = input.masks(of: labels.map(\.polygon))
      #expect(order.map { labels[$0].classIndex } == classes)
      let (width, height) = (header[2] / 4, header[1] / 4)
      let expected = try fixture.data(width * height)
      var found = [UInt8](repeating: 0, count: width * height)
      for (rank, index) in order.enumerated() {
        for y in 0..<height {
          for x in 0..<width where masks[index][x, y] {
            #expect(found[y * width + x] == 0, "masks do not lie over each other")
            found[y * width + x] = UInt8(rank + 1)
          }
        }
      }
      #expect(zip(found, expected).filter { $0 != $1 }.count == 0)
    }
    #expect(fixture.isAtEnd)
  }

  @Test func orientedBoxesLikeUltralytics() throws {
    var fixture = try Fixture("obb-labels.bin")
    let all = try inputs(&fixture)
    for _ in all.inputs {
      let header = try fixture.integers(3)
      let input = try #require(all.inputs[header[0]])
      let labels = all.labels.filter { $0.image == header[0] }
      let classes = try fixture.integers(labels.count)
      #expect(labels.map(\.classIndex) == classes)
      for (index, label) in labels.enumerated() {
        let values = try fixture.floats(5)
        let expected = OrientedBox(
          x: values[0], y: values[1], width: values[2], height: values[3], angle: values[4])
        let found = try #require(input.orientedBox(label.polygon))
        // The areas agree to what float32 leaves of them.
        let (area, least) = (found.width * found.height, expected.width * expected.height)
        #expect(abs(area - least) < 1e-4 * least)
        // Of a crooked label, rectangles on two of its sides often have the very same area, and
        // rounding decides which of them Ultralytics takes. The straight ones are crooked, too,
        // by the four decimals of a label: by a hundredth of a pixel here.
        guard index % 2 == 0 else { continue }
        for corner in expected.corners {
          let distances = found.corners.map { max(abs($0.x - corner.x), abs($0.y - corner.y)) }
          #expect((distances.min() ?? .infinity) < 0.06)
        }
      }
    }
    #expect(fixture.isAtEnd)
  }

  @Test func masksOnAnotherGrid() throws {
    let plan = EvaluationPlan(sizes: [Size(width: 64, height: 64)], imageSize: 64, stride: 32)
    let input = try #require(plan.batches.first?.first)
    let square = Polygon(points: [
      Point(x: 0.25, y: 0.25), Point(x: 0.75, y: 0.25), Point(x: 0.75, y: 0.75),
      Point(x: 0.25, y: 0.75),
    ])
    let grid = Size(width: 48, height: 48)
    let fine = input.masks(of: [square], grid: grid).masks[0]
    let coarse = input.masks(of: [square]).masks[0]
    #expect(fine.frame == grid && coarse.frame == Size(width: 24, height: 24))
    #expect(fine.area == 4 * coarse.area)
  }
}
