package import YOLOGeometry
package import YOLOImage
import YOLOSystem

/// Random rectangles of images for classification.
package enum RandomCrop {
  /// The attempts to find a rectangle in the image.
  private static let attempts = 10

  /// Draws the part of an image that is seen: a fraction of its area, of a random aspect.
  ///
  /// - Parameters:
  ///   - size: The size of the image.
  ///   - minimumArea: The minimum fraction of the area; the maximum is 1.
  ///   - draws: Area and logarithm of the aspect until the rectangle fits, then row and column.
  /// - Returns: A rectangle; the middle of the image if none was found.
  package static func rectangle(
    of size: Size, minimumArea: Double, draws: inout Draws
  ) -> PixelRectangle {
    let (low, high) = (3.0 / 4, 4.0 / 3)
    let area = Double(size.width * size.height)
    for _ in 0..<attempts {
      let target = area * draws.uniform(minimumArea, 1)
      let aspect = exp(draws.uniform(log(low), log(high)))
      let width = Int((target * aspect).squareRoot().rounded(.toNearestOrEven))
      let height = Int((target / aspect).squareRoot().rounded(.toNearestOrEven))
      guard width > 0, height > 0, width <= size.width, height <= size.height else { continue }
      let top = draws.index(below: size.height - height + 1)
      let left = draws.index(below: size.width - width + 1)
      return PixelRectangle(left: left, top: top, right: left + width, bottom: top + height)
    }
    let aspect = Double(size.width) / Double(size.height)
    var (width, height) = (size.width, size.height)
    if aspect < low {
      height = max(Int((Double(width) / low).rounded(.toNearestOrEven)), 1)
    } else if aspect > high {
      width = max(Int((Double(height) * high).rounded(.toNearestOrEven)), 1)
    }
    let (left, top) = ((size.width - width) / 2, (size.height - height) / 2)
    return PixelRectangle(left: left, top: top, right: left + width, bottom: top + height)
  }

  /// Draws the part of an input that is erased; nil if no rectangle was found.
  ///
  /// - Parameters:
  ///   - side: The side of the input.
  ///   - draws: Area and logarithm of the aspect until the rectangle fits, then row and column.
  /// - Returns: A rectangle.
  package static func erased(side: Int, draws: inout Draws) -> PixelRectangle? {
    let area = Double(side * side)
    for _ in 0..<attempts {
      let target = area * draws.uniform(0.02, 0.33)
      let aspect = exp(draws.uniform(log(0.3), log(3.3)))
      let height = Int((target * aspect).squareRoot().rounded(.toNearestOrEven))
      let width = Int((target / aspect).squareRoot().rounded(.toNearestOrEven))
      guard width < side, height < side else { continue }
      let top = draws.index(below: side - height + 1)
      let left = draws.index(below: side - width + 1)
      return PixelRectangle(left: left, top: top, right: left + width, bottom: top + height)
    }
    return nil
  }
}

extension SamplePipeline {
  /// Creates a sample for classification.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - side: The side of the input.
  ///   - draws: The random numbers of the sample.
  ///   - output: `3 · side · side` numbers from 0 to 1, [row, column, channel].
  /// - Returns: The class.
  /// - Throws: `image` for one that cannot be decoded.
  package func classify(
    image: Int, side: Int, draws: inout Draws, into output: UnsafeMutablePointer<Float>
  ) throws(TrainingDataError) -> TrainingTargets {
    let source = try store.image(image)
    let size = Size(width: side, height: side)
    let rectangle = RandomCrop.rectangle(
      of: source.size, minimumArea: min(max(settings.scale.lowerBound, 0), 1), draws: &draws)
    var sample = EditableImage(
      source.withView(of: rectangle) { view in
        view.resized(
          CenterCrop(source: view.size, resized: size, target: size), filter: .bilinear)
      })
    let isFlipped =
      settings.flipHorizontal > 0 && draws.uniform(0, 1) < settings.flipHorizontal
    let isUpsideDown = settings.flipVertical > 0 && draws.uniform(0, 1) < settings.flipVertical
    if isFlipped || isUpsideDown {
      sample.mirror(isFlipped: isFlipped, isUpsideDown: isUpsideDown)
    }
    switch settings.policy {
    case .randAugment: AugmentationPolicy.randAugment(&sample, draws: &draws)
    case .autoAugment: AugmentationPolicy.autoAugment(&sample, draws: &draws)
    case .augMix: AugmentationPolicy.augMix(&sample, draws: &draws)
    case nil: AugmentationPolicy.colorJitter(&sample, settings: settings, draws: &draws)
    }
    if settings.erasing > 0, draws.uniform(0, 1) < settings.erasing,
      let hole = RandomCrop.erased(side: side, draws: &draws)
    {
      for y in hole.top..<hole.bottom {
        let row = 3 * side * y
        for index in row + 3 * hole.left..<row + 3 * hole.right { sample.pixels[index] = 0 }
      }
    }
    for index in sample.pixels.indices { output[index] = Float(sample.pixels[index]) / 255 }
    return TrainingTargets(classes: index.images[image].classIndex.map { [$0] } ?? [])
  }
}

extension EditableImage {
  /// Mirrors the image left to right, upside down, or both.
  package mutating func mirror(isFlipped: Bool, isUpsideDown: Bool) {
    let source = pixels
    for y in 0..<height {
      for x in 0..<width {
        let row = isUpsideDown ? height - 1 - y : y
        let column = isFlipped ? width - 1 - x : x
        let (from, to) = (3 * (row * width + column), 3 * (y * width + x))
        for channel in 0..<3 { pixels[to + channel] = source[from + channel] }
      }
    }
  }
}
