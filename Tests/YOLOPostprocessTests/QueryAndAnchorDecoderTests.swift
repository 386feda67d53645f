import Foundation
import Testing
import YOLOGeometry
import YOLOPostprocess
import YOLOTensor

/// Heads that do not give distances from the middle of a cell.
@Suite struct QueryAndAnchorDecoderTests {
  /// Calls `body` with a view of values in raster order.
  private func withMap<Result>(
    _ values: [Float], height: Int, width: Int, _ body: (FeatureMap) throws -> Result
  ) rethrows -> Result {
    let channels = values.count / (height * width)
    return try values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("a map has values") }
      return try body(
        FeatureMap(
          base: base, height: height, width: width, channels: channels, pixelStride: channels,
          rowStride: width * channels))
    }
  }

  private func logit(_ probability: Float) -> Float {
    Float(log(Double(probability) / (1 - Double(probability))))
  }

  private func queries(_ selection: Selection, in size: Size) -> [Instance] {
    let boxes: [Float] = [
      0.5, 0.5, 0.2, 0.4,
      0.02, 0.5, 0.1, 0.1,
      0.75, 0.25, 0.5, 0.5,
      0.5, 0.5, 0.2, 0.4,
    ]
    let scores: [[Float]] = [[0.28, 0.6], [0.9, 0.1], [0.2, 0.2], [0.5, 0.7]]
    return withMap(boxes, height: 2, width: 2) { boxes in
      withMap(scores.flatMap { $0 }.map(logit), height: 2, width: 2) { classes in
        QueryDecoder(classCount: 2).instances(
          boxes: boxes, classes: classes, select: selection, in: size)
      }
    }
  }

  @Test func queriesAreNeitherSuppressedNorClipped() {
    let found = queries(Selection(confidence: 0.25), in: Size(width: 100, height: 200))
    // Of the five that are confident enough as many as there are queries: one has both classes.
    #expect(found.map(\.classIndex) == [0, 1, 1, 0])
    #expect(
      zip(found, [0.9, 0.7, 0.6, 0.5] as [Float]).allSatisfy { abs($0.confidence - $1) < 1e-6 })
    // As far as float32 goes; the second query reaches out of the image.
    let edges = found.map { [$0.box.x1, $0.box.y1, $0.box.x2, $0.box.y2] }
    let expected: [[Float]] =
      [[-3, 90, 7, 110]] + [[Float]](repeating: [40, 60, 60, 140], count: 3)
    for (edges, wanted) in zip(edges, expected) {
      #expect(zip(edges, wanted).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  @Test func queriesAreSelectedByClassAndNumber() {
    let size = Size(width: 100, height: 100)
    #expect(
      queries(Selection(confidence: 0.25, classes: [1]), in: size).map(\.classIndex) == [1, 1])
    #expect(queries(Selection(confidence: 0.25, limit: 2), in: size).count == 2)
    // The wanted class of a query counts though its other one is better.
    #expect(
      queries(Selection(confidence: 0.25, classes: [0]), in: size).map(\.classIndex) == [0, 0])
  }

  /// One level of 1 × 2 cells with two anchors; the values are logits of round numbers.
  private func anchors(
    _ selection: Selection, isObjectnessAlone: Bool = false, letterbox: Letterbox
  ) throws -> [Instance] {
    // s(x), s(y), s(w), s(h), objectness, class: half of 2 s is in the middle of the cell.
    func cell(_ objectness: Float, _ score: Float) -> [Float] {
      [0.5, 0.5, 0.5, 0.25, objectness, score].map(logit)
    }
    let values = cell(0.1, 0.9) + cell(0.8, 0.5) + cell(0.9, 0.9) + cell(0.2, 1 - 1e-6)
    return try withMap(values, height: 1, width: 2) { map in
      try AnchorDecoder(classCount: 1, isObjectnessAlone: isObjectnessAlone).instances(
        in: [
          AnchorLevel(
            values: map, stride: 8,
            anchors: [.init(width: 10, height: 16), .init(width: 4, height: 8)])
        ], select: selection, letterbox: letterbox)
    }
  }

  @Test func anchorsAreScaledAndObjectnessCounts() throws {
    // 32 × 16 pixels in 16 × 8: half the size, nothing added.
    let letterbox = Letterbox(
      source: Size(width: 32, height: 16), target: Size(width: 16, height: 8), stride: 8,
      isRectangular: true)
    let found = try anchors(Selection(confidence: 0.25), letterbox: letterbox)
    #expect(found.count == 2)
    #expect(abs(found[0].confidence - 0.81) < 1e-5 && abs(found[1].confidence - 0.4) < 1e-5)
    // Center (12, 4), 10 × 4 in the input; the second anchor's center (4, 4), 4 × 2.
    let expected: [[Float]] = [[14, 4, 32, 12], [4, 6, 12, 10]]
    for (instance, wanted) in zip(found, expected) {
      let box = instance.box
      #expect(
        zip([box.x1, box.y1, box.x2, box.y2], wanted).allSatisfy { abs($0 - $1) < 1e-4 })
    }
    let alone = try anchors(
      Selection(confidence: 0.25), isObjectnessAlone: true, letterbox: letterbox)
    #expect(zip(alone, [0.9, 0.8] as [Float]).allSatisfy { abs($0.confidence - $1) < 1e-5 })
  }

  /// The masks of an object whose box is (10, 10)…(30, 30), of 96 × 64 pixels that all belong to it.
  ///
  /// Its objectness scales its coefficient of 1.
  @Test(
    arguments: [
      (20, .letterbox, 13..<31), (20, .source, 10..<30), (20, .prototypes, 3..<8),
      (-1, .letterbox, 14..<30), (-1, .source, 10..<30), (-1, .prototypes, 3..<8),
    ] as [(objectness: Float, grid: MaskGrid, inside: Range<Int>)])
  func masksOfAnchorsAreCutBeforeTheyAreUpsampled(
    objectness: Float, grid: MaskGrid, inside: Range<Int>
  ) throws {
    // What `non_max_suppression`, `process_mask` and `process_mask_native` of yolov5 7.0.14 gave for
    // the same values.
    let size = Size(width: 96, height: 64)
    let letterbox = Letterbox(source: size, target: size, stride: 32, isRectangular: true)
    let cells = (0..<8 * 12).flatMap { cell -> [Float] in
      [0, 0, 0, 0, cell == 2 * 12 + 2 ? objectness : -20, 20, 1]
    }
    let found = try withMap(cells, height: 8, width: 12) { map in
      try withMap([Float](repeating: 1, count: 16 * 24), height: 16, width: 24) { prototypes in
        try AnchorDecoder(classCount: 1).instances(
          in: [AnchorLevel(values: map, stride: 8, anchors: [.init(width: 20, height: 20)])],
          prototypes: prototypes, select: Selection(confidence: 0.25), letterbox: letterbox,
          masks: grid)
      }
    }
    #expect(found.count == 1)
    let mask = try #require(found.first?.letterboxMask)
    let pixels = (0..<mask.frame.height).flatMap { y in
      (0..<mask.frame.width).map { x in mask[x, y] }
    }
    let wanted = (0..<mask.frame.height).flatMap { y in
      (0..<mask.frame.width).map { x in inside.contains(x) && inside.contains(y) }
    }
    #expect(pixels == wanted)
  }
}
