import YOLOGeometry
import YOLOTensor

/// Creates masks: weighted sums of prototypes, upsampled, and cut at the object's box.
struct MaskAssembly {
  /// What is upsampled.
  enum Form: Sendable, Hashable {
    /// The sums, cut at zero, then at the box: Ultralytics.
    case logits
    /// Their sigmoids, cut at one half: the original YOLOv5. For masks of letterbox pixels they are 0
    /// outside of the box before they are upsampled, and the box is not cut at afterwards; those of
    /// the image's own pixels come from the prototypes' pixels that the padding leaves.
    case probabilities
  }

  private let prototypes: FeatureMap
  let letterbox: Letterbox
  private let grid: MaskGrid
  let form: Form

  init(
    prototypes: FeatureMap, letterbox: Letterbox, grid: MaskGrid, form: Form = .logits
  ) {
    self.prototypes = prototypes
    self.letterbox = letterbox
    self.grid = grid
    self.form = form
  }

  /// The size of the masks.
  private var frame: Size {
    switch grid {
    case .letterbox: letterbox.padded
    case .source: letterbox.source
    case .prototypes: Size(width: prototypes.width, height: prototypes.height)
    }
  }

  /// Returns the mask of an object.
  ///
  /// - Parameters:
  ///   - coefficients: A weight for each prototype.
  ///   - box: The object's box in letterbox pixels, not clipped.
  /// - Returns: The mask, with no more stored than the smallest rectangle that holds it.
  func mask(coefficients: UnsafePointer<Float>, box: Box) -> Mask {
    let (columns, rows) = part(box)
    guard !columns.isEmpty, !rows.isEmpty else { return Mask(emptyOf: frame) }

    let threshold: Float = isOfProbabilities ? 0.5 : 0
    let pixels = [UInt8](unsafeUninitializedCapacity: columns.count * rows.count) {
      buffer, initialized in
      // SAFETY: as many samples are handed out as there are columns and rows.
      var target = buffer.baseAddress
      forEachRow(coefficients, box: box, columns: columns, rows: rows) { values in
        guard let pixels = target else { return }
        for index in 0..<values.count { pixels[index] = values[index] > threshold ? 1 : 0 }
        target = pixels + values.count
        initialized += values.count
      }
    }
    return Mask(
      frame: frame, left: columns.lowerBound, top: rows.lowerBound, width: columns.count,
      height: rows.count, binary: pixels
    ).trimmed()
  }

  /// Returns the line around a mask in source pixels.
  func sourceOutline(_ mask: Mask) -> Polygon {
    let outline = mask.outline()
    switch form {
    case .logits:
      return LetterboxInverse(padded: mask.frame, source: letterbox.source).sourcePolygon(outline)
    case .probabilities:
      let inverse = UnroundedInverse(padded: mask.frame, source: letterbox.source)
      return Polygon(points: outline.points.map(inverse.point))
    }
  }

  /// Whether probabilities are cut; at the prototypes' own pixels that is the same as to cut logits.
  private var isOfProbabilities: Bool { form == .probabilities && grid != .prototypes }

  /// The bytes of the weighted sums that a mask is made from, at most: of all prototypes, and where the
  /// image's own pixels are wanted of the finer grid between.
  var sumBytes: Int {
    let coarse = prototypes.width * prototypes.height
    // Without prototypes there is no grid, and masks are empty.
    guard coarse > 0 else { return 0 }
    let fine = grid == .source && form == .logits ? fineGrid() : Size(width: 0, height: 0)
    return (coarse + fine.width * fine.height) * MemoryLayout<Float>.stride
  }

  /// Returns how many pixels the mask of an object takes at most.
  func pixelCount(box: Box) -> Int {
    let (columns, rows) = part(box)
    return columns.count * rows.count
  }

  /// Returns the part of the frame that an object's box, in letterbox pixels, covers.
  private func part(_ box: Box) -> (columns: Range<Int>, rows: Range<Int>) {
    guard prototypes.width > 0, prototypes.height > 0 else { return (0..<0, 0..<0) }
    let crop: Box
    switch (grid, form) {
    case (.letterbox, .logits): crop = box
    case (.letterbox, .probabilities):
      // Where more than half of a sample's weight can lie inside of the box.
      func samples(_ cells: Range<Int>, _ count: Int, of total: Int) -> Range<Int> {
        cells.isEmpty
          ? 0..<0
          : cells.lowerBound * total / count..<(cells.upperBound * total + count - 1) / count
      }
      let (columns, rows) = cells(box)
      return (
        samples(columns, prototypes.width, of: frame.width),
        samples(rows, prototypes.height, of: frame.height)
      )
    case (.source, .logits): crop = letterbox.sourceBox(box)
    case (.source, .probabilities): crop = UnroundedInverse(letterbox).box(box)
    case (.prototypes, _): return cells(box)
    }
    return (
      Self.pixels(from: crop.x1, to: crop.x2, in: frame.width),
      Self.pixels(from: crop.y1, to: crop.y2, in: frame.height)
    )
  }

  /// Returns the pixels of the prototypes that an object's box, in letterbox pixels, covers.
  private func cells(_ box: Box) -> (columns: Range<Int>, rows: Range<Int>) {
    let crop = box.scaled(
      x: Float(prototypes.width) / Float(letterbox.padded.width),
      y: Float(prototypes.height) / Float(letterbox.padded.height))
    return (
      Self.pixels(from: crop.x1, to: crop.x2, in: prototypes.width),
      Self.pixels(from: crop.y1, to: crop.y2, in: prototypes.height)
    )
  }

  /// Hands out what is cut for a part of the mask, a row at a time or all rows at once.
  private func forEachRow(
    _ coefficients: UnsafePointer<Float>, box: Box, columns: Range<Int>, rows: Range<Int>,
    _ body: (UnsafeBufferPointer<Float>) -> Void
  ) {
    switch grid {
    case .prototypes:
      logits(coefficients, columns: columns, rows: rows).withUnsafeBufferPointer(body)
    case .letterbox:
      let horizontal = BilinearAxis(input: prototypes.width, output: frame.width)
      let vertical = BilinearAxis(input: prototypes.height, output: frame.height)
      let (inputColumns, inputRows) = (horizontal.inputs(of: columns), vertical.inputs(of: rows))
      let plane =
        form == .logits
        ? plane(coefficients, columns: inputColumns, rows: inputRows)
        : probabilities(
          coefficients, columns: inputColumns, rows: inputRows, inside: cells(box))
      plane.sample(columns: columns, of: horizontal, rows: rows, of: vertical, body)
    case .source where form == .probabilities:
      let content = UnroundedInverse(
        padded: Size(width: prototypes.width, height: prototypes.height), source: frame
      ).content
      let horizontal = BilinearAxis(input: content.width, output: frame.width)
      let vertical = BilinearAxis(input: content.height, output: frame.height)
      probabilities(
        coefficients, columns: horizontal.inputs(of: columns).moved(by: content.left),
        rows: vertical.inputs(of: rows).moved(by: content.top)
      ).sample(
        columns: columns, of: horizontal, shiftX: content.left, rows: rows, of: vertical,
        shiftY: content.top, body)
    case .source:
      let fine = fineGrid()
      let content = LetterboxInverse(padded: fine, source: frame)
      let horizontal = BilinearAxis(input: content.resized.width, output: frame.width)
      let vertical = BilinearAxis(input: content.resized.height, output: frame.height)
      let shiftX = Int(content.left)
      let shiftY = Int(content.top)
      let fineColumns = horizontal.inputs(of: columns).moved(by: shiftX)
      let fineRows = vertical.inputs(of: rows).moved(by: shiftY)
      finePlane(coefficients, grid: fine, columns: fineColumns, rows: fineRows).sample(
        columns: columns, of: horizontal, shiftX: shiftX, rows: rows, of: vertical,
        shiftY: shiftY, body)
    }
  }

  /// Returns the pixels of 0..<`count` that are not before `start` and before `end`; none for NaN.
  private static func pixels(from start: Float, to end: Float, in count: Int) -> Range<Int> {
    guard start < end else { return 0..<0 }
    func position(_ edge: Float) -> Int {
      edge <= 0 ? 0 : edge >= Float(count) ? count : Int(edge.rounded(.up))
    }
    return position(start)..<position(end)
  }

  /// Returns the grid that the letterbox's content is cut out of: the prototypes' own if its edges
  /// lie between prototype pixels, else one that is two or four times as fine.
  private func fineGrid() -> Size {
    let coarse = Size(width: prototypes.width, height: prototypes.height)
    let quarters = Size(width: 4 * coarse.width, height: 4 * coarse.height)
    let content = LetterboxInverse(padded: quarters, source: letterbox.source).resized
    let padding = (quarters.height - content.height) | (quarters.width - content.width)
    let parts = padding | padding >> 1
    let factor = parts % 4 == 0 ? 1 : parts % 2 == 0 ? 2 : 4
    return Size(width: coarse.width * factor, height: coarse.height * factor)
  }

  private func finePlane(
    _ coefficients: UnsafePointer<Float>, grid: Size, columns: Range<Int>, rows: Range<Int>
  ) -> BilinearPlane {
    guard grid.width != prototypes.width else {
      return plane(coefficients, columns: columns, rows: rows)
    }
    let horizontal = BilinearAxis(input: prototypes.width, output: grid.width)
    let vertical = BilinearAxis(input: prototypes.height, output: grid.height)
    let coarse = plane(
      coefficients, columns: horizontal.inputs(of: columns), rows: vertical.inputs(of: rows))
    return BilinearPlane(
      columns: columns, rows: rows,
      values: coarse.sampled(columns: columns, of: horizontal, rows: rows, of: vertical))
  }

  private func plane(
    _ coefficients: UnsafePointer<Float>, columns: Range<Int>, rows: Range<Int>
  ) -> BilinearPlane {
    BilinearPlane(
      columns: columns, rows: rows, values: logits(coefficients, columns: columns, rows: rows))
  }

  /// Returns the sigmoids of the weighted sums of a part of the prototypes, 0 outside of the crop.
  private func probabilities(
    _ coefficients: UnsafePointer<Float>, columns: Range<Int>, rows: Range<Int>,
    inside crop: (columns: Range<Int>, rows: Range<Int>)? = nil
  ) -> BilinearPlane {
    var values = logits(coefficients, columns: columns, rows: rows)
    for (row, y) in rows.enumerated() {
      for (column, x) in columns.enumerated() {
        let index = row * columns.count + column
        let isInside = crop.map { $0.columns.contains(x) && $0.rows.contains(y) } ?? true
        values[index] = isInside ? ConfidenceThreshold.sigmoid(values[index]) : 0
      }
    }
    return BilinearPlane(columns: columns, rows: rows, values: values)
  }

  /// Returns the weighted sums of a part of the prototypes, row by row.
  private func logits(
    _ coefficients: UnsafePointer<Float>, columns: Range<Int>, rows: Range<Int>
  ) -> [Float] {
    var result = [Float]()
    result.reserveCapacity(columns.count * rows.count)
    for y in rows {
      // SAFETY: columns and rows lie inside the prototypes, whose pixels have as many channels as
      // there are coefficients.
      var pixel =
        prototypes.base + (y * prototypes.rowStride + columns.lowerBound * prototypes.pixelStride)
      for _ in columns {
        result.append(Self.product(coefficients, pixel, count: prototypes.channels))
        pixel += prototypes.pixelStride
      }
    }
    return result
  }

  @inline(__always)
  private static func product(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, count: Int
  ) -> Float {
    // SAFETY: whole vectors within `count` values, then single values.
    let firstRaw = UnsafeRawPointer(first)
    let secondRaw = UnsafeRawPointer(second)
    var lanes = SIMD8<Float>.zero
    var index = 0
    while index &+ 8 <= count {
      lanes +=
        firstRaw.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD8<Float>.self)
        * secondRaw.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD8<Float>.self)
      index &+= 8
    }
    let four = lanes.lowHalf + lanes.highHalf
    let two = four.lowHalf + four.highHalf
    var total = two[0] + two[1]
    while index < count {
      total += first[index] * second[index]
      index &+= 1
    }
    return total
  }
}

extension BilinearAxis {
  /// The input samples that a range of output samples, not empty, lies on.
  fileprivate func inputs(of range: Range<Int>) -> Range<Int> {
    self[range.lowerBound].lower..<self[range.upperBound - 1].upper + 1
  }
}

extension Range<Int> {
  fileprivate func moved(by distance: Int) -> Range<Int> {
    lowerBound + distance..<upperBound + distance
  }
}
