import Testing
import YOLOGeometry
import YOLOTestSupport

@Suite struct ContourTests {
  private static func mask(_ rows: [String]) -> Mask {
    let pixels = rows.flatMap { $0.utf8.map { $0 == UInt8(ascii: "#") ? 1 as UInt8 : 0 } }
    return Mask(
      frame: Size(width: rows[0].utf8.count, height: rows.count), pixels: pixels)
  }

  private static func points(_ values: [Float]) -> [Point] {
    stride(from: 0, to: values.count, by: 2).map { Point(x: values[$0], y: values[$0 + 1]) }
  }

  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("contours.bin")
    var contourCount = 0
    for _ in 0..<(try fixture.integers(1)[0]) {
      let size = try fixture.integers(2)
      let mask = try fixture.mask(width: size[0], height: size[1])
      let count = try fixture.integers(1)[0]
      let wanted = try (0..<count).map { _ in
        let points = try fixture.integers(1)[0]
        return Self.points(try fixture.integers(2 * points).map(Float.init))
      }
      #expect(mask.contours().map(\.points) == wanted)
      let line = Self.points(try fixture.floats(2 * fixture.integers(1)[0]))
      #expect(mask.outline().points == line)
      let source = try fixture.integers(2)
      let inverse = LetterboxInverse(
        padded: mask.frame, source: Size(width: source[0], height: source[1]))
      #expect(
        inverse.sourcePolygon(mask.outline()).points
          == Self.points(try fixture.floats(2 * line.count)))
      contourCount += count

      // A part of the image has the same contours, where it lies.
      let trimmed = mask.trimmed()
      #expect(trimmed.contours() == mask.contours())
      #expect(trimmed.area == mask.area && trimmed.isEmpty == (mask.area == 0))
    }
    #expect(fixture.isAtEnd && contourCount > 100)
  }

  @Test func shapesByHand() {
    #expect(Self.mask(["...", "..."]).contours().isEmpty)
    #expect(Self.mask(["...", "..."]).outline().points.isEmpty)
    #expect(Self.mask([".#", ".."]).outline().points == [Point(x: 1, y: 0)])
    #expect(
      Self.mask(["###", "###"]).outline().points == [
        Point(x: 0, y: 0), Point(x: 0, y: 1), Point(x: 2, y: 1), Point(x: 2, y: 0),
      ])
    // An island in a hole has no contour of its own; parts that touch at a corner are one.
    #expect(Self.mask(["#####", "#...#", "#.#.#", "#...#", "#####"]).contours().count == 1)
    #expect(Self.mask(["#..", ".#.", "..#"]).contours().count == 1)
    let two = Self.mask(["#...", "....", "...#"])
    #expect(two.contours().map(\.points) == [[Point(x: 3, y: 2)], [Point(x: 0, y: 0)]])
  }

  /// The boundary of a region: as many contours as a flood fill finds parts outside of holes.
  @Test func contoursAreOutermostParts() {
    var random = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let width = Int.random(in: 1...30, using: &random)
      let height = Int.random(in: 1...30, using: &random)
      let fraction = Double.random(in: 0.05...0.95, using: &random)
      let pixels = (0..<width * height).map { _ in
        Double.random(in: 0..<1, using: &random) < fraction ? 1 as UInt8 : 0
      }
      let mask = Mask(frame: Size(width: width, height: height), pixels: pixels)
      #expect(mask.contours().count == Self.outermostParts(mask))
    }
  }

  private static func outermostParts(_ mask: Mask) -> Int {
    let width = mask.frame.width + 2
    let height = mask.frame.height + 2
    // 0 unseen, 1 outside, 2 part.
    var state = [Int](repeating: 0, count: width * height)
    func fill(_ start: Int, _ value: Int, isSet: Bool, steps: [(Int, Int)]) {
      var stack = [start]
      state[start] = value
      while let cell = stack.popLast() {
        for (dx, dy) in steps {
          let (x, y) = (cell % width + dx, cell / width + dy)
          guard x >= 0, y >= 0, x < width, y < height, state[y * width + x] == 0,
            mask[x - 1, y - 1] == isSet
          else { continue }
          state[y * width + x] = value
          stack.append(y * width + x)
        }
      }
    }
    let four = [(1, 0), (-1, 0), (0, 1), (0, -1)]
    fill(0, 1, isSet: false, steps: four)
    var parts = 0
    for cell in state.indices
    where state[cell] == 1 && cell % width < width - 1 && state[cell + 1] == 0 {
      parts += 1
      fill(cell + 1, 2, isSet: true, steps: four + [(1, 1), (1, -1), (-1, 1), (-1, -1)])
    }
    return parts
  }

  /// The closest points are found as by comparing all pairs, for contours of many points.
  @Test func longContoursAreJoinedWhereTheyAreClosest() {
    var random = SplitMix64(seed: 6)
    for _ in 0..<20 {
      let width = 160
      var pixels = [UInt8](repeating: 0, count: width * 80)
      // Two combs with teeth of random length, apart by at least two rows.
      for x in 0..<width {
        let depth = x % 2 == 0 ? Int.random(in: 2...38, using: &random) : 1
        for y in 0..<depth { pixels[y * width + x] = 1 }
        let rise = x % 2 == 0 ? Int.random(in: 2...38, using: &random) : 1
        for y in 80 - rise..<80 { pixels[y * width + x] = 1 }
      }
      let mask = Mask(frame: Size(width: width, height: 80), pixels: pixels)
      let contours = mask.contours().map(\.points)
      #expect(contours.count == 2 && contours[0].count > 200)
      var best = Float.infinity
      var pair = (0, 0)
      for (i, first) in contours[0].enumerated() {
        for (j, second) in contours[1].enumerated() {
          let (dx, dy) = (first.x - second.x, first.y - second.y)
          if dx * dx + dy * dy < best {
            best = dx * dx + dy * dy
            pair = (i, j)
          }
        }
      }
      let line = mask.outline().points
      #expect(line.first == contours[0][pair.0] && line.last == contours[1][pair.1])
      #expect(line.count == contours[0].count + contours[1].count + 2)
    }
  }
}

extension Fixture {
  /// Reads a mask of a bit a pixel, the lowest bit first.
  mutating func mask(width: Int, height: Int) throws -> Mask {
    let bytes = try data((width * height + 7) / 8)
    return Mask(
      frame: Size(width: width, height: height),
      pixels: (0..<width * height).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 })
  }
}
