import Dispatch
package import YOLOGeometry
import YOLOSystem
package import YOLOTensor

/// Turns the raw outputs of a semantic head into the class of each pixel of the image.
///
/// The logits are brought to the size of the input, freed of its padding, brought to the size of the
/// image, and then compared: the borders of classes are as fine as the image.
package struct SemanticDecoder: Sendable, Hashable {
  /// The number of classes, at most 255; of one alone, its pixels are those with a positive logit.
  package let classCount: Int

  /// Creates a decoder.
  package init(classCount: Int) {
    precondition((1...255).contains(classCount))
    self.classCount = classCount
  }

  /// Finds the class of each pixel.
  ///
  /// Of equal logits the lower class is taken.
  ///
  /// - Parameters:
  ///   - logits: The head's output, [height, width, classes], which covers the whole letterbox.
  ///   - wanted: The classes that are kept, nil for all; pixels of others have none.
  ///   - letterbox: How the image was fitted into the network's input.
  ///   - threads: How many threads share the rows.
  /// - Returns: The classes, as large as the image.
  /// - Throws: `MaskError` if the map would take more than `MaskError.byteLimit`.
  package func classMap(
    _ logits: FeatureMap, keeping wanted: Set<Int>?, letterbox: Letterbox, threads: Int
  ) throws(MaskError) -> ClassMap {
    precondition(logits.channels == classCount)
    let size = letterbox.source
    let sampler = DenseSampler(logits, letterbox: letterbox, alignsCorners: false)
    let kept = (0..<classCount).map { wanted?.contains($0) ?? true }
    let count = classCount
    let classes = try sampler.map(of: UInt8.self, threads: threads) { values in
      var best = 0
      for index in 1..<max(count, 1) where values[index] > values[best] { best = index }
      guard count > 1 || values[0] > 0, kept[best] else { return ClassMap.none }
      return UInt8(best)
    }
    return ClassMap(size: size, classes: classes)
  }
}

/// Turns the raw outputs of a depth head into the distance of each pixel of the image.
package struct DepthDecoder: Sendable, Hashable {
  /// The logarithms of the nearest and the farthest distance that there is.
  private static let limits: (Float, Float) = (-4, 5)

  /// Creates a decoder.
  package init() {}

  /// Returns the distances at the resolution of the head, [1, 1, height, width].
  package func tensor(_ logarithm: FeatureMap) -> Tensor {
    let tensor = Tensor(logarithm)
    return Tensor(shape: tensor.shape, values: tensor.values.map(Self.distance))
  }

  private static func distance(_ logarithm: Float) -> Float {
    // A NaN stays one.
    logarithm < limits.0 ? expf(limits.0) : logarithm > limits.1 ? expf(limits.1) : expf(logarithm)
  }

  /// Finds the distance of each pixel.
  ///
  /// - Parameters:
  ///   - logarithm: The head's output, [height, width, 1], which covers the whole input.
  ///   - letterbox: How the image was stretched to the network's input.
  ///   - threads: How many threads share the rows.
  /// - Returns: The distances, as large as the image.
  /// - Throws: `MaskError` if the map would take more than `MaskError.byteLimit`.
  package func depthMap(
    _ logarithm: FeatureMap, letterbox: Letterbox, threads: Int
  ) throws(MaskError) -> DepthMap {
    precondition(logarithm.channels == 1)
    let sampler = DenseSampler(
      logarithm, letterbox: letterbox, alignsCorners: true, transform: Self.distance)
    return DepthMap(
      size: letterbox.source,
      distances: try sampler.map(of: Float.self, threads: threads) { $0[0] })
  }
}

/// Brings a head's output to the size of the input and from there, without padding, to that of the
/// image, bilinear both times.
private struct DenseSampler: Sendable {
  /// The pixels of a row that are worked on at once: what bounds the memory of a wide image.
  private static let tileWidth = 256
  /// The values from which on a second thread pays for its start.
  private static let sharedValues = 1 << 16

  private let values: [Float]
  private let channels: Int
  private let width: Int
  private let size: Size
  private let left: Int
  private let top: Int
  /// From the output to the input.
  private let inner: (x: BilinearAxis, y: BilinearAxis)
  /// From the input without its padding to the image.
  private let outer: (x: BilinearAxis, y: BilinearAxis)

  init(
    _ map: FeatureMap, letterbox: Letterbox, alignsCorners: Bool,
    transform: (Float) -> Float = { $0 }
  ) {
    channels = map.channels
    width = map.width
    size = letterbox.source
    var values = [Float]()
    values.reserveCapacity(map.height * map.width * map.channels)
    for y in 0..<map.height {
      for x in 0..<map.width {
        // SAFETY: the view has this pixel, and it has so many channels.
        let pixel = map.base + (y * map.rowStride + x * map.pixelStride)
        for channel in 0..<map.channels { values.append(transform(pixel[channel])) }
      }
    }
    self.values = values
    let padded = letterbox.padded
    // A stretched image has no padding, whatever its proportions.
    let content =
      letterbox.resized == padded
      ? letterbox
      : Letterbox(source: size, target: padded, stride: 1, isRectangular: false)
    (left, top) = (content.left, content.top)
    func axis(_ input: Int, _ output: Int) -> BilinearAxis {
      BilinearAxis(input: input, output: output, alignsCorners: alignsCorners)
    }
    inner = (axis(map.width, padded.width), axis(map.height, padded.height))
    outer = (
      axis(content.resized.width, size.width), axis(content.resized.height, size.height)
    )
  }

  /// Returns what a function finds of the values of each pixel of the image, row by row.
  func map<Element: Sendable & BitwiseCopyable>(
    of type: Element.Type, threads: Int,
    _ body: @escaping @Sendable (UnsafePointer<Float>) -> Element
  ) throws(MaskError) -> [Element] {
    let count = size.width * size.height
    let bytes = count * MemoryLayout<Element>.stride
    guard bytes <= MaskError.byteLimit else { throw .mapTooLarge(bytes: bytes) }
    let bands = count * channels < Self.sharedValues ? 1 : max(1, min(threads, size.height))
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      let target = Target(base: base)
      DispatchQueue.concurrentPerform(iterations: bands) { band in
        let rows = size.height * band / bands..<size.height * (band + 1) / bands
        for start in stride(from: 0, to: size.width, by: Self.tileWidth) {
          let columns = start..<min(start + Self.tileWidth, size.width)
          // SAFETY: rows and columns lie in the image, and each band has rows of its own.
          forEachRow(rows, columns) { y, values in
            let line = target.base + (y * size.width + columns.lowerBound)
            for x in 0..<columns.count {
              (line + x).initialize(to: body(values + x * channels))
            }
          }
        }
      }
      initialized = count
    }
  }

  /// What the bands write to, each rows of its own.
  private struct Target<Element>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Element>
  }

  /// Hands out rows of a tile, all channels of a pixel together.
  private func forEachRow(
    _ rows: Range<Int>, _ columns: Range<Int>, _ body: (Int, UnsafePointer<Float>) -> Void
  ) {
    let outerTaps = columns.map { outer.x[$0] }
    guard let first = outerTaps.first, let last = outerTaps.last, !rows.isEmpty else { return }
    let innerTaps = (first.lower...last.upper).map { inner.x[$0 + left] }
    // The rows of the output and of the input that were stretched last; a row's slot is its parity.
    var coarse = RowPair(count: innerTaps.count * channels)
    var fine = RowPair(count: outerTaps.count * channels)
    var line = [Float](repeating: 0, count: innerTaps.count * channels)
    var result = [Float](repeating: 0, count: outerTaps.count * channels)
    func prepareFine(_ row: Int) {
      guard !fine.has(row) else { return }
      let tap = inner.y[row + top]
      for source in [tap.lower, tap.upper] where !coarse.has(source) {
        coarse.update(source) {
          stretch(values, from: source * width * channels, innerTaps, shift: 0, into: &$0)
        }
      }
      mix(coarse[tap.lower], coarse[tap.upper], tap.weight, into: &line)
      fine.update(row) { stretch(line, from: 0, outerTaps, shift: first.lower, into: &$0) }
    }
    for y in rows {
      let tap = outer.y[y]
      prepareFine(tap.lower)
      prepareFine(tap.upper)
      mix(fine[tap.lower], fine[tap.upper], tap.weight, into: &result)
      result.withUnsafeBufferPointer { if let base = $0.baseAddress { body(y, base) } }
    }
  }

  /// Samples a row of pixels, which begins at an offset.
  private func stretch(
    _ source: [Float], from start: Int, _ taps: [BilinearAxis.Tap], shift: Int,
    into target: inout [Float]
  ) {
    let channels = channels
    source.withUnsafeBufferPointer { source in
      target.withUnsafeMutableBufferPointer { target in
        for (index, tap) in taps.enumerated() {
          let lower = start + (tap.lower - shift) * channels
          let upper = start + (tap.upper - shift) * channels
          let (weight, rest) = (tap.weight, 1 - tap.weight)
          for channel in 0..<channels {
            target[index * channels + channel] =
              rest * source[lower + channel] + weight * source[upper + channel]
          }
        }
      }
    }
  }

  private func mix(_ a: [Float], _ b: [Float], _ weight: Float, into target: inout [Float]) {
    let rest = 1 - weight
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        target.withUnsafeMutableBufferPointer { target in
          for index in target.indices { target[index] = rest * a[index] + weight * b[index] }
        }
      }
    }
  }

  /// Two neighboring rows.
  private struct RowPair {
    private var even: [Float]
    private var odd: [Float]
    private var held = (-1, -1)

    init(count: Int) {
      even = [Float](repeating: 0, count: count)
      odd = even
    }

    subscript(row: Int) -> [Float] { row % 2 == 0 ? even : odd }

    func has(_ row: Int) -> Bool { row % 2 == 0 ? held.0 == row : held.1 == row }

    mutating func update(_ row: Int, _ body: (inout [Float]) -> Void) {
      if row % 2 == 0 {
        held.0 = row
        body(&even)
      } else {
        held.1 = row
        body(&odd)
      }
    }
  }
}
