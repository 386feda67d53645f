/// The images of a batch whose parts of the arena lie one after the other.
package struct ImageBatch: Sendable, Hashable {
  /// The number of images.
  package var count: Int
  /// The elements from one image's part of the arena to the next one's.
  package var stride: Int

  /// Describes a batch.
  package init(count: Int, stride: Int) {
    self.count = count
    self.stride = stride
  }
}

/// Memory for values that belong to no image: parameters, gradients, statistics.
///
/// Whoever made it keeps it as long as there are kernels that use it.
package struct Region<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first value.
  package let base: UnsafeMutablePointer<Element>

  /// Refers to memory.
  package init(_ base: UnsafeMutablePointer<Element>) { self.base = base }
}

/// The rows of a batch cut into runs that do not depend on the number of threads, so that sums of
/// them do not either.
struct BatchStrips: Sendable, Hashable {
  /// The rows of an image.
  let rows: Int
  /// The number of images.
  let images: Int
  /// The number of runs.
  let count: Int

  /// Cuts the rows of a batch, each of so many values, into runs of about `values` of them, at most
  /// `maximum`.
  init(rows: Int, images: Int, rowValues: Int, values: Int, maximum: Int) {
    self.rows = rows
    self.images = images
    count = max(1, min(rows * images, maximum, rows * images * rowValues / values))
  }

  /// Calls `body` for the part of a run that lies in each image: the image and its rows.
  @inline(__always)
  func forEachPart(of strip: Int, _ body: (_ image: Int, _ rows: Range<Int>) -> Void) {
    var first = strip * rows * images / count
    let end = (strip + 1) * rows * images / count
    while first < end {
      let (image, row) = first.quotientAndRemainder(dividingBy: rows)
      let last = min(rows, row + end - first)
      body(image, row..<last)
      first += last - row
    }
  }
}
