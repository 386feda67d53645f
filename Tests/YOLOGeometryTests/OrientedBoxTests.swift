import Testing
import YOLOGeometry
import YOLOTestSupport

@Suite struct OrientedBoxTests {
  private static func boxes(_ values: [Float]) -> [OrientedBox] {
    stride(from: 0, to: values.count, by: 5).map { index in
      OrientedBox(
        x: values[index], y: values[index + 1], width: values[index + 2],
        height: values[index + 3], angle: values[index + 4])
    }
  }

  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("rotated.bin")
    for _ in 0..<(try fixture.integers(1)[0]) {
      let count = try fixture.integers(1)[0]
      let boxes = Self.boxes(try fixture.floats(5 * count))
      let corners = boxes.flatMap { box in box.corners.flatMap { [$0.x, $0.y] } }
      // Sines and cosines of another library: an ulp each, times half a side, plus the center's.
      expectClose(corners, try fixture.floats(8 * count), .ofRange(3e-7), "corners")

      let overlaps = try fixture.floats(count * count)
      for (row, box) in boxes.enumerated() {
        let found = boxes.map { box.probabilisticOverlap(with: $0) }
        let wanted = Array(overlaps[row * count..<(row + 1) * count])
        for (value, expected) in zip(found, wanted) {
          // Of thin boxes the determinant is the small difference of products that differ by an
          // ulp or two; near 1 the root of a small number magnifies rounding.
          #expect(
            abs(value - expected) <= 1e-3 || value.isNaN && expected.isNaN,
            "\(value) \(expected)")
        }
      }

      let sizes = try fixture.integers(4)
      let inverse = LetterboxInverse(
        padded: Size(width: sizes[2], height: sizes[3]),
        source: Size(width: sizes[0], height: sizes[1]))
      #expect(boxes.map(inverse.sourceBox) == Self.boxes(try fixture.floats(5 * count)))
    }
    #expect(fixture.isAtEnd)
  }

  @Test func cornersByHand() {
    let box = OrientedBox(x: 10, y: 20, width: 6, height: 4, angle: 0)
    #expect(
      box.corners == [
        Point(x: 13, y: 22), Point(x: 13, y: 18), Point(x: 7, y: 18), Point(x: 7, y: 22),
      ])
    #expect(box.bounds == Box(x1: 7, y1: 18, x2: 13, y2: 22))
    let turned = OrientedBox(x: 10, y: 20, width: 6, height: 4, angle: .pi / 2).bounds
    // The cosine of π/2 in float32 is 4e-8, not 0.
    expectClose([turned.x1, turned.y1, turned.x2, turned.y2], [8, 17, 12, 23], .absolute(4e-6))
  }

  @Test func overlapByHand() {
    let box = OrientedBox(x: 50, y: 50, width: 40, height: 20, angle: 0.3)
    // 1 − √(1 − e^(−1e-7) + 1e-7), with the argument of the root rounded to units of 6e-8.
    #expect((0.9994...0.9997).contains(box.probabilisticOverlap(with: box)))
    var far = box
    far.x += 1000
    #expect(box.probabilisticOverlap(with: far) == 0)
    // A square looks the same from all sides.
    let square = OrientedBox(x: 50, y: 50, width: 30, height: 30, angle: 0)
    var turned = square
    turned.angle = 1
    #expect(square.probabilisticOverlap(with: turned) > 0.999)
  }

  /// The pile's lanes, with all that they leave out, decide as single boxes do.
  @Test func pileDecidesAsSingleBoxes() {
    var random = SplitMix64(seed: 3)
    let oddities: [Float] = [.nan, .infinity, 0, 1e-20, 1e20, -5]
    func number(_ range: ClosedRange<Float>) -> Float {
      Int.random(in: 0..<60, using: &random) == 0
        ? oddities[Int.random(in: 0..<oddities.count, using: &random)]
        : Float.random(in: range, using: &random)
    }
    var decisions = [0, 0]
    for round in 0..<4000 {
      let side: Float = [3, 30, 300][round % 3]
      func box() -> OrientedBox {
        let thin: Float = Int.random(in: 0..<6, using: &random) == 0 ? 0.001 : 1
        return OrientedBox(
          x: number(0...60), y: number(0...60), width: number(0...side),
          height: number(0...side) * thin, angle: number(-1...3))
      }
      let boxes = (0..<Int.random(in: 0...20, using: &random)).map { _ in GaussianBox(box()) }
      let other = GaussianBox(box())
      let threshold: Float = [0, 1e-6, 0.1, 0.45, 0.9, 0.9995][round % 6]
      var kept = GaussianBoxIndex()
      for box in boxes { kept.append(box) }
      #expect(kept.count == boxes.count)
      let found = kept.containsBox(overlapping: other, above: threshold)
      #expect(found == boxes.contains { $0.overlap(with: other) > threshold })
      decisions[found ? 1 : 0] += 1
    }
    #expect(decisions[0] > 500 && decisions[1] > 500)
  }
}
