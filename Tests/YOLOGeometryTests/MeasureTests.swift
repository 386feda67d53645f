import Testing
import YOLOGeometry
import YOLOTestSupport

@Suite struct MeasureTests {
  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("measures.bin")
    for _ in 0..<(try fixture.integers(1)[0]) {
      let count = try fixture.integers(1)[0]
      let predicted = try fixture.floats(2 * count)
      let target = try fixture.floats(3 * count)
      let area = try fixture.floats(1)[0]
      let similarity = KeypointSimilarity(keypointCount: count).similarity(
        of: (0..<count).map { index in
          Keypoint(Point(x: predicted[2 * index], y: predicted[2 * index + 1]), visibility: nil)
        },
        to: (0..<count).map { index in
          Keypoint(
            Point(x: target[3 * index], y: target[3 * index + 1]), visibility: target[3 * index + 2]
          )
        }, area: area)
      // Up to 17 exponentials of another library, summed in another order.
      expectClose([similarity], try fixture.floats(1), .absolute(1e-6), "keypoints")
    }
    for _ in 0..<(try fixture.integers(1)[0]) {
      let size = try fixture.integers(2)
      let masks = try (0..<6).map { _ in try fixture.mask(width: size[0], height: size[1]) }
      let overlaps = masks.flatMap { mask in masks.map { mask.intersectionOverUnion(with: $0) } }
      #expect(overlaps == (try fixture.floats(36)))
      let trimmed = masks.map { $0.trimmed() }
      #expect(
        overlaps
          == trimmed.flatMap { mask in trimmed.map { mask.intersectionOverUnion(with: $0) } })
    }
    let count = try fixture.integers(1)[0]
    let edges = try fixture.floats(4 * count)
    let boxes = (0..<count).map { index in
      Box(
        x1: edges[4 * index], y1: edges[4 * index + 1], x2: edges[4 * index + 2],
        y2: edges[4 * index + 3])
    }
    let overlaps = boxes.flatMap { box in
      boxes.map { box.intersectionOverUnion(with: $0, epsilon: 1e-7) }
    }
    #expect(overlaps == (try fixture.floats(count * count)))
    for _ in 0..<(try fixture.integers(1)[0]) {
      let sizes = try fixture.integers(4)
      let found = BilinearPlane.resized(
        try fixture.floats(sizes[0] * sizes[1]), from: Size(width: sizes[0], height: sizes[1]),
        to: Size(width: sizes[2], height: sizes[3]))
      // Four products of values up to 4, summed in another order; weights off by an ulp.
      expectClose(found, try fixture.floats(sizes[2] * sizes[3]), .absolute(4e-6), "\(sizes)")
    }
    #expect(fixture.isAtEnd)
  }

  @Test func keypointsByHand() {
    let measure = KeypointSimilarity(keypointCount: 2)
    #expect(measure.sigmas == [0.5, 0.5])
    let target = [
      Keypoint(Point(x: 0, y: 0), visibility: 2), Keypoint(Point(x: 5, y: 5), visibility: 0),
    ]
    let predicted = [
      Keypoint(Point(x: 3, y: 4), visibility: nil), Keypoint(Point(x: 90, y: 9), visibility: 1),
    ]
    // e^(−25 / (2 · 1 · 100)); the epsilons change the seventh place.
    expectClose(
      [measure.similarity(of: predicted, to: target, area: 100)], [0.8824969], .absolute(5e-7))
    #expect(measure.similarity(of: predicted, to: [target[1], target[1]], area: 100) == 0)
    // 10 · 20 · f32(0.53), rounded.
    #expect(KeypointSimilarity.area(of: Box(x1: 1, y1: 1, x2: 11, y2: 21)) == 105.99999)
  }

  @Test func maskOfAPart() {
    let mask = Mask(
      frame: Size(width: 9, height: 7), left: 3, top: 2, width: 2, height: 2,
      pixels: [1, 0, 200, 1])
    #expect(mask.area == 3 && !mask.isEmpty)
    #expect(mask[3, 2] && !mask[4, 2] && mask[3, 3] && mask[4, 3])
    #expect(!mask[2, 2] && !mask[-1, 0] && !mask[99, 99])
    let whole = Mask(
      frame: mask.frame, pixels: (0..<63).map { mask[$0 % 9, $0 / 9] ? 1 : 0 })
    #expect(whole.trimmed() == mask && mask.intersection(with: whole) == 3)
    #expect(mask.intersectionOverUnion(with: Mask(emptyOf: mask.frame)) == 0)
  }

  /// A mask in letterbox pixels covers the same part of the source image.
  @Test func maskOfTheSource() {
    let letterbox = Letterbox(
      source: Size(width: 200, height: 100), target: Size(width: 64, height: 64), stride: 32,
      isRectangular: false)
    let mask = Mask(
      frame: letterbox.padded, left: 16, top: 0, width: 16, height: 64,
      pixels: [UInt8](repeating: 1, count: 16 * 64))
    let found = mask.resampled(to: letterbox.source)
    #expect(found.frame == letterbox.source)
    // Letterbox columns 16..<32 of 64 are source columns 50..<100 of 200, all rows.
    #expect(found.area == 50 * 100 && found[50, 0] && found[99, 99] && !found[49, 50])
    #expect(found.resampled(to: letterbox.source) == found)
    #expect(Mask(emptyOf: letterbox.padded).resampled(to: letterbox.source).isEmpty)
  }

  @Test func polygonArea() {
    func polygon(_ points: [(Float, Float)]) -> Polygon {
      Polygon(points: points.map { Point(x: $0.0, y: $0.1) })
    }
    #expect(polygon([(0, 0), (4, 0), (4, 3), (0, 3)]).area == 12)
    #expect(polygon([(0, 3), (4, 3), (4, 0)]).area == 6)
    #expect(polygon([(1, 1), (5, 5)]).area == 0 && Polygon().area == 0)
  }

  @Test func pointsAreClipped() {
    let inverse = LetterboxInverse(
      padded: Size(width: 64, height: 64), source: Size(width: 128, height: 64))
    #expect(inverse.sourcePoint(Point(x: 32, y: 32)) == Point(x: 64, y: 32))
    #expect(inverse.sourcePoint(Point(x: -9, y: 99)) == Point(x: 0, y: 64))
    #expect(inverse.sourcePoint(Point(x: .nan, y: 1)).x.isNaN)
    let keypoint = inverse.sourceKeypoint(Keypoint(Point(x: 32, y: 32), visibility: 0.5))
    #expect(keypoint == Keypoint(Point(x: 64, y: 32), visibility: 0.5))
  }
}
