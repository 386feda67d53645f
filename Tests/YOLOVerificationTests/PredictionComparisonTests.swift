import Testing
import YOLOGeometry
import YOLOTestSupport
import YOLOVerification

@Suite struct PredictionComparisonTests {
  private func box(
    _ label: String, _ confidence: Float, _ x: Float, _ y: Float, side: Float = 10
  ) -> ComparedObject {
    ComparedObject(
      label: label, confidence: confidence,
      geometry: .box(Box(x1: x, y1: y, x2: x + side, y2: y + side)))
  }

  @Test func itself() {
    let objects = [
      box("0", 0.9, 0, 0), box("0", 0.8, 1, 1), box("1", 0.7, 0, 0), box("1", 0.6, 5, 5, side: 0),
    ]
    let comparison = PredictionComparison(objects, objects)
    #expect(comparison.pairs.map(\.first) == [0, 1, 2, 3])
    #expect(comparison.pairs.map(\.second) == [0, 1, 2, 3])
    #expect(comparison.pairs.allSatisfy { $0.confidence == 0 && $0.coordinate == 0 })
    #expect(comparison.missing.isEmpty && comparison.extra.isEmpty)
    #expect(comparison.pairs.allSatisfy { $0.keypoint == nil && $0.outlineOverlap == nil })
  }

  @Test func differences() {
    // Not in order of confidence; the second one takes the object that both overlap.
    let first = [
      box("0", 0.5, 1, 0), box("0", 0.9, 0, 0), box("0", 0.4, 50, 50), box("1", 0.9, 0, 0),
    ]
    let second = [box("0", 0.875, 0.25, -0.5), box("2", 0.5, 50, 50)]
    let comparison = PredictionComparison(first, second)
    #expect(comparison.pairs.map(\.first) == [1] && comparison.pairs.map(\.second) == [0])
    #expect(comparison.pairs[0].coordinate == 0.5)
    #expect(abs(comparison.pairs[0].confidence - 0.025) < 1e-6)
    #expect(comparison.missing == [0, 2, 3] && comparison.extra == [1])
    #expect(PredictionComparison(first, second, minimumIoU: 0.99).pairs.isEmpty)

    var summary = ComparisonSummary()
    summary.add(PredictionComparison([], []))
    summary.add(comparison)
    #expect(summary.images == 2 && summary.matched == 1)
    #expect(summary.missing == 3 && summary.extra == 1)
    #expect(summary.coordinate?.image == 1 && summary.coordinate?.value == 0.5)
    #expect(!summary.agrees(coordinates: 1, confidences: 1))
  }

  /// Boxes whose edges are in the wrong order, or that are lines, as untrained networks give them.
  @Test func boxesWithoutArea() {
    func object(_ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float) -> ComparedObject {
      ComparedObject(
        label: "0", confidence: 0.5, geometry: .box(Box(x1: x1, y1: y1, x2: x2, y2: y2)))
    }
    let boxes = [object(750, 370, 725, 500), object(810, 330, 810, 440), object(0, 9, 100, 9)]
    let moved = [
      object(0, 9.25, 100, 9.25), object(750.25, 370, 725, 500), object(810, 330.25, 810, 440),
    ]
    let comparison = PredictionComparison(boxes, moved)
    #expect(comparison.pairs.map(\.second) == [1, 2, 0])
    #expect(comparison.pairs.map(\.coordinate) == [0.25, 0.25, 0.25])
    #expect(PredictionComparison([boxes[1]], [object(700, 330, 700, 440)]).pairs.isEmpty)
  }

  @Test func agreement() {
    var summary = ComparisonSummary()
    summary.add(PredictionComparison([box("0", 0.5, 0, 0)], [box("0", 0.625, 0.25, 0)]))
    #expect(summary.agrees(coordinates: 0.25, confidences: 0.125))
    #expect(!summary.agrees(coordinates: 0.2, confidences: 0.125))
    #expect(!summary.agrees(coordinates: 0.25, confidences: 0.1))
  }

  @Test func orientedBoxesFromAnotherCorner() {
    let corners = [(10, 0), (20, 10), (10, 20), (0, 10)].map { Point(x: $0.0, y: $0.1) }
    let turned = Array(corners[2...] + corners[..<2])
    let moved = turned.map { Point(x: $0.x + 0.5, y: $0.y) }
    let comparison = PredictionComparison(
      [ComparedObject(label: "0", confidence: 1, corners: corners)],
      [ComparedObject(label: "0", confidence: 1, corners: moved)])
    #expect(comparison.pairs.map(\.coordinate) == [0.5])
  }

  @Test func keypoints() {
    let frame = Box(x1: 0, y1: 0, x2: 10, y2: 10)
    func pose(_ points: [(Float, Float)]) -> ComparedObject {
      ComparedObject(
        label: "0", confidence: 1,
        geometry: .keypoints(
          frame, points.map { Keypoint(Point(x: $0.0, y: $0.1), visibility: 1) }))
    }
    let comparison = PredictionComparison([pose([(1, 1), (2, 2)])], [pose([(1, 1), (2, 2.75)])])
    #expect(comparison.pairs.map(\.keypoint) == [0.75])
    #expect(comparison.pairs.map(\.visibility) == [0])
    #expect(PredictionComparison([pose([(1, 1)])], [pose([])]).pairs.map(\.keypoint) == [.infinity])
    #expect(
      PredictionComparison([pose([(1, 1)])], [pose([(.nan, 1)])]).pairs.map(\.keypoint)
        == [.infinity])
  }

  /// In pixels and in fractions of the image.
  @Test(arguments: [100, 0.1] as [Float])
  func outlines(scale: Float) throws {
    let frame = Box(x1: 0, y1: 0, x2: scale, y2: scale)
    func outline(_ width: Float) -> ComparedObject {
      let points = [(0, 0), (width, 0), (width, 1), (0, 1)].map {
        Point(x: $0.0 * scale, y: $0.1 * scale)
      }
      return ComparedObject(
        label: "0", confidence: 1, geometry: .outline(frame, Polygon(points: points)))
    }
    let comparison = PredictionComparison([outline(1)], [outline(0.5)])
    // Half of the pixels of a grid of 1024, lines of one pixel not counted.
    #expect(abs(try #require(comparison.pairs.first?.outlineOverlap) - 0.5) < 2e-3)
    #expect(
      PredictionComparison([outline(1)], [outline(1)]).pairs.map(\.outlineOverlap) == [1])
  }

  @Test func classes() {
    let first = ["3", "1", "2"].enumerated().map {
      ComparedObject(label: $1, confidence: 0.5 / Float($0 + 1), geometry: nil)
    }
    let second = [first[1], first[0], ComparedObject(label: "7", confidence: 0, geometry: nil)]
    let comparison = PredictionComparison(first, second)
    #expect(comparison.pairs.map(\.second) == [1, 0] && comparison.missing == [2])
    #expect(comparison.pairs.map(\.coordinate) == [nil, nil])
    #expect(PredictionComparison([box("3", 1, 0, 0)], first).pairs.isEmpty)
  }

  @Test func hostileNumbers() {
    let strange: [Float] = [.nan, .infinity, -.infinity, 3e38, 0]
    let objects = strange.flatMap { value in
      [
        box("0", value, value, 0), box("0", 0.5, 0, 0, side: value),
        ComparedObject(
          label: "0", confidence: 0.5,
          geometry: .outline(
            Box(x1: value, y1: value, x2: value, y2: value),
            Polygon(points: [Point(x: value, y: 0), Point(x: 0, y: value), Point(x: 1, y: 1)]))),
      ]
    }
    var summary = ComparisonSummary()
    summary.add(PredictionComparison(objects, objects.reversed()))
    #expect(summary.matched + summary.missing == objects.count)
  }
}
