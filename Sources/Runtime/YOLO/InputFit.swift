import Dispatch
public import YOLOGeometry
public import YOLOImage
package import YOLOTensor

/// How an image becomes a network's input.
public enum InputFit: Sendable, Hashable {
  /// Scaled to fit, and padded.
  case letterbox(Letterbox)
  /// Scaled to cover, and cropped: what classifiers take.
  case crop(Size)
  /// As a classifier's checkpoint stores it, to an input of the size.
  case transformed(ClassifierTransforms, Size)

  /// The size of the input.
  var size: Size {
    switch self {
    case .letterbox(let letterbox): letterbox.padded
    case .crop(let size), .transformed(_, let size): size
    }
  }

  /// The pixels from which on a second thread pays for its start.
  private static let pixelsPerThread = 1 << 15

  /// Writes the image as the network's input, [height, width, channels] in 0...1.
  ///
  /// - Parameters:
  ///   - view: The image that the fit was planned for.
  ///   - base: The input's first value.
  ///   - layout: The input's strides; its size is that of this fit.
  ///   - threads: How many threads share the rows.
  package func write(
    _ view: ImageView, to base: UnsafeMutablePointer<Float>, _ layout: ActivationLayout,
    threads: Int
  ) {
    precondition(
      layout.height == size.height && layout.width == size.width
        && layout.channels == view.channels)
    let target = Target(base: base, layout: layout)
    switch self {
    case .crop(let size):
      func writeRows(_ input: ImageView) {
        for y in 0..<layout.height { target.write(input.row(y), row: y) }
      }
      if CenterCrop(source: view.size, target: size).isIdentity {
        writeRows(view)
      } else {
        view.classificationInput(size: size).withView(writeRows)
      }
    case .transformed(let transforms, _):
      let levels = (0..<3).map { transforms.levels(channel: $0) }
      transforms.image(of: view).withView { input in
        for y in 0..<layout.height { target.write(input.row(y), row: y, levels) }
      }
    case .letterbox(let letterbox):
      let height = layout.height
      // Copying alone is too quick to be shared.
      let parts =
        letterbox.resized == view.size
        ? 1 : max(1, min(threads, height * layout.width / Self.pixelsPerThread))
      guard parts > 1 else {
        view.forEachRow(of: letterbox, in: 0..<height) { target.write($1, row: $0) }
        return
      }
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        view.forEachRow(
          of: letterbox, in: height * part / parts..<height * (part + 1) / parts
        ) { target.write($1, row: $0) }
      }
    }
  }

  /// An input in an arena; several threads write rows of their own.
  private struct Target: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let layout: ActivationLayout

    func write(_ samples: UnsafePointer<UInt8>, row: Int) {
      // SAFETY: the layout has room for each of the row's pixels.
      InputRow.write(
        samples, channels: layout.channels, width: layout.width,
        to: base + row * layout.rowStride,
        pixelStride: layout.pixelStride)
    }

    /// Writes a row whose bytes become the numbers of a table for each channel.
    func write(_ samples: UnsafePointer<UInt8>, row: Int, _ levels: [[Float]]) {
      // SAFETY: as above.
      let line = base + row * layout.rowStride
      for x in 0..<layout.width {
        for channel in 0..<3 {
          line[x * layout.pixelStride + channel] = levels[channel][Int(samples[3 * x + channel])]
        }
      }
    }
  }

  /// Returns the input as an image, of the size that the network is given.
  ///
  /// A letterbox must have been planned for the image's size.
  public func image(of image: Image) -> Image {
    switch self {
    case .letterbox(let letterbox): image.letterboxed(letterbox)
    case .crop(let size): image.classificationInput(size: size)
    case .transformed(let transforms, _): image.withView { transforms.image(of: $0) }
    }
  }
}
