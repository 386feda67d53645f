import YOLOGeometry

/// Bilinear resizing of RGB rows in fixed-point arithmetic, bit-exact to OpenCV's `INTER_LINEAR`.
///
/// A source row is first resized horizontally into 16-bit samples of `255 · 128` at most. Then two
/// such rows are mixed vertically. A source row is resized horizontally once only.
///
/// Both steps rest on one 16-bit operation, the upper half of a product. With `w` of 2048 the
/// weight of the second sample, OpenCV's horizontal sum `a·(2048−w) + b·w`, shifted right by 4, is
/// `a·128 + ⌊(b−a)·128 · 32w / 65536⌋`, since the first term is a multiple of 16 before the shift.
/// The factor `32w` does not fit a signed 16-bit number from w = 1024 on; taken as `32w − 65536`
/// the product lacks `(b−a)·128`, which is made good by starting from `b·128` in place of `a·128`.
struct BilinearResizer {
  /// The samples of a pixel.
  private static let channels = 3

  /// What a pixel of the result is mixed from.
  private struct Tap {
    /// `32w` as a signed 16-bit number, for each channel.
    var weight: SIMD4<Int16>
    /// Where the first of the two source pixels starts, in samples.
    var pair: Int
    /// Where the pixel that the weighted difference is added to starts, in samples.
    var start: Int
  }

  private let source: Size
  private let result: Size
  private let taps: [Tap]
  private let rows: ResizeAxis

  /// Prepares the tables for resizing `source` to `result`; both sizes are positive.
  init(source: Size, result: Size) {
    self.source = source
    self.result = result
    let columns = ResizeAxis(sourceLength: source.width, resultLength: result.width)
      .clamped(sourceLength: source.width)
    rows = ResizeAxis(sourceLength: source.height, resultLength: result.height)
    taps = zip(columns.lower, columns.upperWeight).map { lower, weight in
      let pair = lower * Self.channels
      return Tap(
        weight: SIMD4(repeating: Int16(truncatingIfNeeded: weight * 32)),
        pair: pair,
        start: weight < ResizeAxis.one / 2 ? pair : pair + Self.channels)
    }
  }

  /// Resizes `input`.
  ///
  /// - Parameters:
  ///   - input: The source.
  ///   - wanted: The rows of the result that are computed.
  ///   - target: Returns where a row's samples are put.
  ///   - finish: Called with each row once it is complete.
  @inline(__always)
  func resize(
    _ input: ImageView, rows wanted: Range<Int>,
    into target: (Int) -> UnsafeMutablePointer<UInt8>, finish: (Int) -> Void
  ) {
    let sourceSamples = source.width * Self.channels
    let resultSamples = result.width * Self.channels
    // Vectors reach beyond the last sample: by two pixels in a source row (one that does not exist
    // where the source is one pixel wide, then padding), by 16 samples elsewhere.
    let unpackedCapacity = sourceSamples + 16
    let rowCapacity = resultSamples + 16
    // SAFETY: every access below stays inside this block, which is laid out just here.
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: unpackedCapacity + 2 * rowCapacity) {
      scratch in
      guard let unpacked = scratch.baseAddress else { return }
      unpacked.initialize(repeating: 0, count: scratch.count)
      var upper = unpacked + unpackedCapacity
      var lower = upper + rowCapacity
      var upperRow = -1
      var lowerRow = -1

      func resizeRow(_ row: Int, into target: UnsafeMutablePointer<Int16>) {
        Self.unpack(input.row(row), count: sourceSamples, into: unpacked)
        taps.withUnsafeBufferPointer { Self.resizeRow(unpacked, taps: $0, into: target) }
      }

      for y in wanted {
        let first = min(max(rows.lower[y], 0), source.height - 1)
        let second = min(max(rows.lower[y] + 1, 0), source.height - 1)
        if upperRow != first {
          if lowerRow == first {
            swap(&upper, &lower)
            swap(&upperRow, &lowerRow)
          } else {
            resizeRow(first, into: upper)
            upperRow = first
          }
        }
        if second != first && lowerRow != second {
          resizeRow(second, into: lower)
          lowerRow = second
        }
        let weight = rows.upperWeight[y]
        Self.mix(
          upper, second == first ? upper : lower,
          weights: (
            SIMD8(repeating: Int16(ResizeAxis.one - weight)), SIMD8(repeating: Int16(weight))
          ), into: target(y), count: resultSamples)
        finish(y)
      }
    }
  }

  /// Widens 8-bit samples to 16 bits.
  private static func unpack(
    _ samples: UnsafePointer<UInt8>, count: Int, into target: UnsafeMutablePointer<Int16>
  ) {
    // SAFETY: 16 samples are moved only where 16 are left in both rows.
    let source = UnsafeRawPointer(samples)
    let result = UnsafeMutableRawPointer(target)
    var index = 0
    while index &+ 16 <= count {
      let bytes = source.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      result.storeBytes(
        of: SIMD16<Int16>(truncatingIfNeeded: bytes), toByteOffset: 2 &* index,
        as: SIMD16<Int16>.self)
      index &+= 16
    }
    while index < count {
      target[index] = Int16(samples[index])
      index &+= 1
    }
  }

  /// Resizes a row of unpacked pixels; each store writes one sample more than the pixel has.
  private static func resizeRow(
    _ samples: UnsafePointer<Int16>, taps: UnsafeBufferPointer<Tap>,
    into target: UnsafeMutablePointer<Int16>
  ) {
    // SAFETY: a tap's two pixels lie in the source row, one sample beyond them in its padding; the
    // last store's surplus sample lies in the padding of the target row.
    let source = UnsafeRawPointer(samples)
    var output = UnsafeMutableRawPointer(target)
    var index = 0
    while index < taps.count {
      let pair = source + 2 &* taps[index].pair
      let start = source + 2 &* taps[index].start
      let first = pair.loadUnaligned(as: SIMD4<Int16>.self)
      let second = pair.loadUnaligned(fromByteOffset: 2 &* channels, as: SIMD4<Int16>.self)
      let difference = (second &- first) &<< 7
      let product =
        SIMD4<Int32>(truncatingIfNeeded: difference)
        &* SIMD4<Int32>(truncatingIfNeeded: taps[index].weight)
      let upperHalf = SIMD4<Int16>(truncatingIfNeeded: product &>> 16)
      let base = start.loadUnaligned(as: SIMD4<Int16>.self) &<< 7
      output.storeBytes(of: base &+ upperHalf, as: SIMD4<Int16>.self)
      output += 2 &* channels
      index &+= 1
    }
  }

  /// Mixes two horizontally resized rows into 8-bit samples, the weights adding up to 2048.
  private static func mix(
    _ upper: UnsafePointer<Int16>, _ lower: UnsafePointer<Int16>,
    weights: (SIMD8<Int16>, SIMD8<Int16>), into target: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    // SAFETY: 8 samples are stored only where 8 are left; the rows read have 16 samples of padding.
    withUnsafePointer(to: weights) { weights in
      let upper = UnsafeRawPointer(upper)
      let lower = UnsafeRawPointer(lower)
      let output = UnsafeMutableRawPointer(target)
      // The weights are read through the pointer in every turn: hoisted out of the loop they would
      // be widened there, and the products would no longer be recognized as `pmulhw`.
      var index = 0
      while index &+ 8 <= count {
        let a = upper.loadUnaligned(fromByteOffset: 2 &* index, as: SIMD8<Int16>.self)
        let b = lower.loadUnaligned(fromByteOffset: 2 &* index, as: SIMD8<Int16>.self)
        output.storeBytes(
          of: mixed(a, b, weights), toByteOffset: index, as: SIMD8<UInt8>.self)
        index &+= 8
      }
      guard index < count else { return }
      let a = upper.loadUnaligned(fromByteOffset: 2 &* index, as: SIMD8<Int16>.self)
      let b = lower.loadUnaligned(fromByteOffset: 2 &* index, as: SIMD8<Int16>.self)
      let rest = mixed(a, b, weights)
      for lane in 0..<count - index { target[index + lane] = rest[lane] }
    }
  }

  @_transparent
  private static func mixed(
    _ a: SIMD8<Int16>, _ b: SIMD8<Int16>,
    _ weights: UnsafePointer<(SIMD8<Int16>, SIMD8<Int16>)>
  ) -> SIMD8<UInt8> {
    // At most 1020 before the shift: no clamping is needed.
    let sum = upperHalf(a, weights.pointee.0) &+ upperHalf(b, weights.pointee.1) &+ 2
    return SIMD8<UInt8>(truncatingIfNeeded: sum &>> 2)
  }

  @_transparent
  private static func upperHalf(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>) -> SIMD8<Int16> {
    let product = SIMD8<Int32>(truncatingIfNeeded: a) &* SIMD8<Int32>(truncatingIfNeeded: b)
    return SIMD8<Int16>(truncatingIfNeeded: product &>> 16)
  }
}

/// Where the samples of one resized axis come from, as OpenCV's 8-bit bilinear resize computes it.
///
/// Output sample `d` lies at `(d + 0.5) · scale − 0.5` of the source and is mixed from the samples
/// at `lower[d]` and `lower[d] + 1`, the second weighted `upperWeight[d]` of 2048, the first with
/// the rest. (OpenCV rounds both weights; half-to-even makes them add up to 2048.)
struct ResizeAxis {
  /// The weight of a whole sample.
  static let one = 2048

  /// The first of the two source samples; −1 or `sourceLength - 1` at the borders.
  private(set) var lower: [Int]
  /// The weight of the second source sample, 0...2048.
  private(set) var upperWeight: [Int]

  /// Computes the table of an axis; both lengths are positive.
  init(sourceLength: Int, resultLength: Int) {
    lower = []
    upperWeight = []
    lower.reserveCapacity(resultLength)
    upperWeight.reserveCapacity(resultLength)
    let scale = 1 / (Double(resultLength) / Double(sourceLength))
    for index in 0..<resultLength {
      let position = Float((Double(index) + 0.5) * scale - 0.5)
      let floor = position.rounded(.down)
      let weight = ((position - floor) * Float(Self.one)).rounded(.toNearestOrEven)
      lower.append(Int(floor))
      upperWeight.append(Int(weight))
    }
  }

  /// Returns the table with positions beyond the first and the last sample moved onto them.
  ///
  /// OpenCV does so along rows. Where a source has two samples or more, `lower[d] + 1` is then
  /// always a sample of the source.
  func clamped(sourceLength: Int) -> ResizeAxis {
    var result = self
    let last = sourceLength - 1
    for index in lower.indices {
      if lower[index] < 0 {
        result.lower[index] = 0
        result.upperWeight[index] = 0
      } else if lower[index] >= last {
        result.lower[index] = max(last - 1, 0)
        result.upperWeight[index] = last > 0 ? Self.one : 0
      }
    }
    return result
  }
}
