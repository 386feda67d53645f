import Glibc
package import YOLOGeometry

/// How a resized sample is mixed of source samples, as Pillow names it.
package enum ResizeFilter: String, Sendable, Hashable, CaseIterable {
  /// The nearest sample alone.
  case nearest
  /// The mean of the samples under it.
  case box
  /// A triangle.
  case bilinear
  /// A raised cosine times a sinc of half width 1.
  case hamming
  /// A cubic of half width 2 with a = -0.5 (Keys, 1981).
  case bicubic
  /// A sinc of half width 3, windowed by a wider one.
  case lanczos

  /// Half of the width, in source samples where nothing shrinks.
  fileprivate var support: Double {
    switch self {
    case .nearest, .box: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The weight at a distance from the center.
  fileprivate func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .nearest, .box: return distance > -0.5 && distance <= 0.5 ? 1 : 0
    case .bilinear: return max(0, 1 - x)
    case .hamming:
      if x == 0 { return 1 }
      return x >= 1 ? 0 : Self.sinc(x) * (0.54 + 0.46 * cos(x * .pi))
    case .bicubic:
      if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
    case .lanczos: return x < 3 ? Self.sinc(distance) * Self.sinc(distance / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double {
    x == 0 ? 1 : sin(x * .pi) / (x * .pi)
  }
}

/// Resizing of whole images by any of Pillow's filters, bit-exact to it.
///
/// Plain loops: bilinear, which nearly every classifier has, is ``AntialiasedResizer``'s. Memory
/// beyond the result is one image of the source's rows and the result's columns, or the other way.
struct FilteredResizer {
  private let crop: CenterCrop
  private let filter: ResizeFilter

  init(_ crop: CenterCrop, filter: ResizeFilter) {
    self.crop = crop
    self.filter = filter
  }

  /// Returns the part of the resized image that the crop keeps.
  func resized(_ input: ImageView) -> Image {
    let (source, resized, target) = (crop.source, crop.resized, crop.target)
    if filter == .nearest {
      let columns = Self.nearest(source.width, resized.width)[crop.left..<crop.left + target.width]
      let rows = Self.nearest(source.height, resized.height)[crop.top..<crop.top + target.height]
      var pixels: [UInt8] = []
      pixels.reserveCapacity(3 * target.width * target.height)
      for y in rows {
        let row = input.row(y)
        for x in columns { pixels += [row[3 * x], row[3 * x + 1], row[3 * x + 2]] }
      }
      return Image(knownSize: target, pixels: pixels)
    }
    let columns =
      source.width == resized.width
      ? nil : Axis(source.width, resized.width, crop.left..<crop.left + target.width, filter)
    let rows =
      source.height == resized.height
      ? nil : Axis(source.height, resized.height, crop.top..<crop.top + target.height, filter)
    // Which goes first decides how the result is rounded: see AntialiasedResizer.
    let mixesRowsFirst =
      resized.height < source.height
      && source.height - resized.height > 2 * (source.width - resized.width)
    var plane = Plane(input)
    if mixesRowsFirst {
      plane.mixRows(rows, keeping: crop.top..<crop.top + target.height)
      plane.mixColumns(columns, keeping: crop.left..<crop.left + target.width)
    } else {
      let needed = rows?.needed ?? crop.top..<crop.top + target.height
      plane.keepRows(needed)
      plane.mixColumns(columns, keeping: crop.left..<crop.left + target.width)
      plane.mixRows(rows, keeping: crop.top..<crop.top + target.height)
    }
    return Image(knownSize: target, pixels: plane.pixels)
  }

  /// The source sample of each result sample; positions are summed up as Pillow does it.
  private static func nearest(_ source: Int, _ result: Int) -> [Int] {
    let scale = Double(source) / Double(result)
    var position = scale * 0.5
    return (0..<result).map { _ in
      defer { position += scale }
      return min(Int(position), source - 1)
    }
  }

  /// The windows and weights of an axis.
  private struct Axis {
    var windows: [(lower: Int, weights: [Int])] = []

    var needed: Range<Int> {
      let lower = windows.map(\.lower).min() ?? 0
      let upper = windows.map { $0.lower + $0.weights.count }.max() ?? 0
      return lower..<upper
    }

    init(_ source: Int, _ result: Int, _ range: Range<Int>, _ filter: ResizeFilter) {
      let scale = Double(source) / Double(result)
      let filterScale = max(scale, 1)
      let support = filter.support * filterScale
      for index in range {
        let center = (Double(index) + 0.5) * scale
        let lower = max(Int(center - support + 0.5), 0)
        let upper = min(Int(center + support + 0.5), source)
        let raw = (lower..<upper).map {
          filter.weight((Double($0) - center + 0.5) * (1 / filterScale))
        }
        let sum = raw.reduce(0, +)
        windows.append(
          (
            lower,
            raw.map { weight in
              let scaled = (sum == 0 ? weight : weight / sum) * Double(1 << 22)
              return Int(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
            }
          ))
      }
    }
  }

  /// Rows of RGB samples, of which some may be left out at the top.
  private struct Plane {
    var pixels: [UInt8]
    private var width: Int
    private var height: Int
    private var firstRow = 0

    init(_ view: ImageView) {
      width = view.width
      height = view.height
      pixels = Image(view).pixels
    }

    mutating func keepRows(_ rows: Range<Int>) {
      pixels = Array(pixels[3 * width * rows.lowerBound..<3 * width * rows.upperBound])
      (firstRow, height) = (rows.lowerBound, rows.count)
    }

    mutating func mixRows(_ axis: Axis?, keeping range: Range<Int>) {
      let stride = 3 * width
      guard let axis else {
        let first = range.lowerBound - firstRow
        pixels = Array(pixels[stride * first..<stride * (first + range.count)])
        (firstRow, height) = (range.lowerBound, range.count)
        return
      }
      var result: [UInt8] = []
      result.reserveCapacity(stride * axis.windows.count)
      for (lower, weights) in axis.windows {
        let start = stride * (lower - firstRow)
        for column in 0..<stride {
          var sum = 1 << 21
          for (tap, weight) in weights.enumerated() {
            sum += Int(pixels[start + tap * stride + column]) * weight
          }
          result.append(UInt8(clamping: sum >> 22))
        }
      }
      pixels = result
      (firstRow, height) = (0, axis.windows.count)
    }

    mutating func mixColumns(_ axis: Axis?, keeping range: Range<Int>) {
      var result: [UInt8] = []
      result.reserveCapacity(3 * range.count * height)
      for row in 0..<height {
        let start = 3 * width * row
        guard let axis else {
          result += pixels[start + 3 * range.lowerBound..<start + 3 * range.upperBound]
          continue
        }
        for (lower, weights) in axis.windows {
          for channel in 0..<3 {
            var sum = 1 << 21
            for (tap, weight) in weights.enumerated() {
              sum += Int(pixels[start + 3 * (lower + tap) + channel]) * weight
            }
            result.append(UInt8(clamping: sum >> 22))
          }
        }
      }
      pixels = result
      width = range.count
    }
  }
}

extension ImageView {
  /// Returns the part of the resized image that a crop keeps, as Pillow computes it.
  package func resized(_ crop: CenterCrop, filter: ResizeFilter) -> Image {
    precondition(crop.source == size, "the crop was planned for another image")
    guard filter == .bilinear else { return FilteredResizer(crop, filter: filter).resized(self) }
    let total = 3 * crop.target.width * crop.target.height
    let pixels = [UInt8](unsafeUninitializedCapacity: total) { output, count in
      count = total
      guard let base = output.baseAddress else { return }
      AntialiasedResizer(crop).resize(self, into: base)
    }
    return Image(knownSize: crop.target, pixels: pixels)
  }
}
