import YOLOGeometry

/// Resizing of RGB rows by an antialiased bilinear filter, bit-exact to Pillow's `BILINEAR`.
///
/// Rows and columns are resized one after the other, with 8-bit samples in between. Which goes
/// first decides how the result is rounded; Pillow 13 takes columns first where that saves work.
/// Only the part of the result that is asked for is computed, a row at a time: memory is bounded by
/// that part and by one row of the source or the rows of one window, whatever the sizes.
struct AntialiasedResizer {
  /// The samples of a pixel.
  private static let channels = 3
  /// The samples of a widened pixel.
  private static let widened = 4

  private let source: Size
  private let columns: AntialiasedAxis
  private let rows: AntialiasedAxis
  /// Whether the number of columns stays the same, so that no row needs resizing.
  private let keepsColumns: Bool
  /// Whether the number of rows stays the same.
  private let keepsRows: Bool
  /// Whether rows are mixed before columns are.
  private let mixesRowsFirst: Bool
  private let resultWidth: Int
  private let firstColumn: Int

  /// Prepares the tables for the part of the resized image that `crop` keeps.
  init(_ crop: CenterCrop) {
    source = crop.source
    let resized = crop.resized
    resultWidth = crop.target.width
    firstColumn = crop.left
    columns = AntialiasedAxis(
      sourceLength: source.width, resultLength: resized.width,
      range: crop.left..<crop.left + crop.target.width)
    rows = AntialiasedAxis(
      sourceLength: source.height, resultLength: resized.height,
      range: crop.top..<crop.top + crop.target.height)
    keepsColumns = source.width == resized.width
    keepsRows = source.height == resized.height
    mixesRowsFirst =
      resized.height < source.height
      && source.height - resized.height > 2 * (source.width - resized.width)
  }

  /// Resizes `input`, the source, into `output`, rows without padding.
  func resize(_ input: ImageView, into output: UnsafeMutablePointer<UInt8>) {
    // SAFETY: all rows and windows lie in the source.
    columns.windows.withUnsafeBufferPointer { columnWindows in
      columns.weights.withUnsafeBufferPointer { columnWeights in
        rows.weights.withUnsafeBufferPointer { rowWeights in
          let tables = Tables(
            columnWindows: columnWindows, columnWeights: columnWeights, rowWeights: rowWeights)
          if mixesRowsFirst {
            mixRowsFirst(input, tables, into: output)
          } else {
            mixColumnsFirst(input, tables, into: output)
          }
        }
      }
    }
  }

  /// The tables of both axes where loops can reach them.
  private struct Tables {
    let columnWindows: UnsafeBufferPointer<AntialiasedAxis.Window>
    let columnWeights: UnsafeBufferPointer<Int32>
    let rowWeights: UnsafeBufferPointer<Int32>
  }

  private func mixRowsFirst(
    _ input: ImageView, _ tables: Tables, into output: UnsafeMutablePointer<UInt8>
  ) {
    let needed = columns.needed
    let sourceStride = input.rowStride
    let count = needed.count * Self.channels
    let start = input.pixels + needed.lowerBound * Self.channels
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { mixed in
      withUnsafeTemporaryAllocation(of: Int16.self, capacity: needed.count * Self.widened) { wide in
        guard let mixed = mixed.baseAddress, let wide = wide.baseAddress else { return }
        for (y, window) in rows.windows.enumerated() {
          let target = output + y * resultWidth * Self.channels
          Self.mix(
            count: count, taps: window.count, weights: tables.rowWeights, from: window.weightStart,
            into: mixed
          ) { tap in start + (window.lower + tap) * sourceStride }
          resizeRow(mixed, tables, scratch: wide, into: target)
        }
      }
    }
  }

  private func mixColumnsFirst(
    _ input: ImageView, _ tables: Tables, into output: UnsafeMutablePointer<UInt8>
  ) {
    let needed = columns.needed
    let sourceStride = input.rowStride
    let start = input.pixels + needed.lowerBound * Self.channels
    let count = resultWidth * Self.channels
    // Row `y` of the source, resized, is kept in slot `y % slots` until no window needs it.
    let slots = keepsRows ? 1 : rows.maximumCount
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: slots * count) { cache in
      withUnsafeTemporaryAllocation(of: Int16.self, capacity: needed.count * Self.widened) { wide in
        guard let cache = cache.baseAddress, let wide = wide.baseAddress else { return }
        var next = rows.needed.lowerBound
        for (y, window) in rows.windows.enumerated() {
          let target = output + y * count
          if keepsRows {
            resizeRow(start + window.lower * sourceStride, tables, scratch: wide, into: target)
            continue
          }
          next = max(next, window.lower)
          while next < window.lower + window.count {
            resizeRow(
              start + next * sourceStride, tables, scratch: wide,
              into: cache + next % slots * count)
            next += 1
          }
          Self.mix(
            count: count, taps: window.count, weights: tables.rowWeights, from: window.weightStart,
            into: target
          ) { tap in UnsafePointer(cache + (window.lower + tap) % slots * count) }
        }
      }
    }
  }

  /// Resizes a row, of which the columns that are needed start at `samples`.
  private func resizeRow(
    _ samples: UnsafePointer<UInt8>, _ tables: Tables, scratch: UnsafeMutablePointer<Int16>,
    into target: UnsafeMutablePointer<UInt8>
  ) {
    let needed = columns.needed
    if keepsColumns {
      target.update(from: samples, count: resultWidth * Self.channels)
      return
    }
    Self.widen(samples, pixels: needed.count, into: scratch)
    // SAFETY: a window's pixels lie among those that are needed, which `scratch` has.
    let pixels = UnsafeRawPointer(scratch) - needed.lowerBound * 2 * Self.widened
    var output = target
    var index = 0
    while index < tables.columnWindows.count {
      let window = tables.columnWindows[index]
      var at = pixels + window.lower &* 2 &* Self.widened
      var sum = SIMD4<Int32>(repeating: AntialiasedAxis.half)
      var tap = window.weightStart
      let end = tap &+ window.count
      while tap < end {
        let pixel = at.loadUnaligned(as: SIMD4<Int16>.self)
        sum &+=
          SIMD4<Int32>(truncatingIfNeeded: pixel)
          &* SIMD4<Int32>(repeating: tables.columnWeights[tap])
        at += 2 &* Self.widened
        tap &+= 1
      }
      let result = sum &>> AntialiasedAxis.fractionBits
      output[0] = clamped(result[0])
      output[1] = clamped(result[1])
      output[2] = clamped(result[2])
      output += Self.channels
      index &+= 1
    }
  }

  /// Widens RGB pixels to four 16-bit samples, the fourth being 0.
  private static func widen(
    _ samples: UnsafePointer<UInt8>, pixels: Int, into target: UnsafeMutablePointer<Int16>
  ) {
    let output = UnsafeMutableRawPointer(target)
    var source = samples
    var index = 0
    while index < pixels {
      let pixel = SIMD4<Int16>(Int16(source[0]), Int16(source[1]), Int16(source[2]), 0)
      output.storeBytes(of: pixel, toByteOffset: 8 &* index, as: SIMD4<Int16>.self)
      source += channels
      index &+= 1
    }
  }

  /// Mixes rows of 8-bit samples; `row` returns the start of the row of a tap.
  @inline(__always)
  private static func mix(
    count: Int, taps: Int, weights: UnsafeBufferPointer<Int32>, from weightStart: Int,
    into target: UnsafeMutablePointer<UInt8>, row: (Int) -> UnsafePointer<UInt8>
  ) {
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: taps) { starts in
      for tap in 0..<taps { starts.initializeElement(at: tap, to: UnsafeRawPointer(row(tap))) }
      mix(
        UnsafeBufferPointer(starts), count: count,
        weights: UnsafeBufferPointer(rebasing: weights[weightStart..<weightStart + taps]),
        into: target)
    }
  }

  private static func mix(
    _ starts: UnsafeBufferPointer<UnsafeRawPointer>, count: Int,
    weights: UnsafeBufferPointer<Int32>, into target: UnsafeMutablePointer<UInt8>
  ) {
    // SAFETY: 8 samples are moved only where 8 are left.
    let output = UnsafeMutableRawPointer(target)
    var index = 0
    while index &+ 8 <= count {
      var sum = SIMD8<Int32>(repeating: AntialiasedAxis.half)
      var tap = 0
      while tap < starts.count {
        let samples = starts[tap].loadUnaligned(fromByteOffset: index, as: SIMD8<UInt8>.self)
        sum &+=
          SIMD8<Int32>(truncatingIfNeeded: samples) &* SIMD8<Int32>(repeating: weights[tap])
        tap &+= 1
      }
      let result = sum &>> AntialiasedAxis.fractionBits
      let top = SIMD8<Int32>(repeating: 255)
      output.storeBytes(
        of: SIMD8<UInt8>(truncatingIfNeeded: result.replacing(with: top, where: result .> top)),
        toByteOffset: index, as: SIMD8<UInt8>.self)
      index &+= 8
    }
    while index < count {
      var sum = AntialiasedAxis.half
      for tap in starts.indices {
        sum &+= Int32(starts[tap].load(fromByteOffset: index, as: UInt8.self)) &* weights[tap]
      }
      target[index] = clamped(sum &>> AntialiasedAxis.fractionBits)
      index &+= 1
    }
  }
}

/// Rounded weights may add up to a little more than one.
@_transparent
private func clamped(_ level: Int32) -> UInt8 { UInt8(truncatingIfNeeded: min(level, 255)) }

/// What some samples of one resized axis are mixed from, as Pillow's antialiased bilinear resize
/// computes it.
///
/// Result sample `i` lies at `(i + 0.5) · scale` of the source, and a triangle of half width
/// `max(scale, 1)` around that position weighs the source samples. Weights are fixed-point numbers
/// with 22 fractional bits that are never negative.
struct AntialiasedAxis {
  /// The fractional bits of a weight.
  static let fractionBits: Int32 = 22
  /// One half, which a sum of weighted samples starts from in order to be rounded.
  static let half: Int32 = 1 << (fractionBits - 1)

  /// The source samples that one result sample is mixed from.
  struct Window {
    /// The first source sample.
    var lower: Int
    /// The number of source samples, at least 1.
    var count: Int
    /// Where the weights start.
    var weightStart: Int
  }

  /// The windows of the result samples, in order; their first and last samples never decrease.
  private(set) var windows: [Window] = []
  /// The weights of all windows.
  private(set) var weights: [Int32] = []

  /// The source samples that any window needs.
  var needed: Range<Int> {
    guard let first = windows.first, let last = windows.last else { return 0..<0 }
    return first.lower..<last.lower + last.count
  }

  /// The size of the largest window.
  var maximumCount: Int { windows.reduce(1) { max($0, $1.count) } }

  /// Computes the windows of `range`, a part of `0..<resultLength`; lengths are positive.
  init(sourceLength: Int, resultLength: Int, range: Range<Int>) {
    let scale = Double(sourceLength) / Double(resultLength)
    let support = max(scale, 1)
    let inverse = 1 / support
    windows.reserveCapacity(range.count)
    var raw: [Double] = []
    for index in range {
      let center = (Double(index) + 0.5) * scale
      let lower = max(Int(center - support + 0.5), 0)
      let upper = min(Int(center + support + 0.5), sourceLength)
      raw.removeAll(keepingCapacity: true)
      var sum = 0.0
      for sample in 0..<upper - lower {
        let weight = max(0, 1 - abs((Double(sample + lower) - center + 0.5) * inverse))
        raw.append(weight)
        sum += weight
      }
      windows.append(
        Window(lower: lower, count: upper - lower, weightStart: weights.count))
      for weight in raw {
        weights.append(Int32(weight / sum * Double(1 << Self.fractionBits) + 0.5))
      }
    }
  }
}
