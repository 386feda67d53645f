import YOLODatasets
package import YOLOGeometry
import YOLOImage

/// Training samples of images and labels: loading, mosaic, map, blends, colors, flips, targets.
package struct SamplePipeline: Sendable {
  /// The images and labels.
  package let index: TrainingIndex
  /// The decoded images.
  package let store: ImageStore
  /// What is done at random.
  package let settings: AugmentationSettings
  /// How masks are made.
  package let masks: MaskSettings
  /// The long side that images are brought to, in pixels.
  package let imageSize: Int

  /// Creates a pipeline.
  package init(
    index: TrainingIndex, store: ImageStore, settings: AugmentationSettings,
    masks: MaskSettings = MaskSettings(), imageSize: Int
  ) {
    self.index = index
    self.store = store
    self.settings = settings
    self.masks = masks
    self.imageSize = imageSize
  }

  private var task: VisionTask { index.task }

  /// Whether samples are images with one class.
  package var isClassification: Bool { task == .classify }

  /// Returns the file of an image.
  package func path(of image: Int) -> String { index.images[image].path }

  /// The points that polygons are resampled to.
  private var polygonPoints: Int { task == .obb ? 100 : 1000 }

  /// Creates a sample.
  ///
  /// - Parameters:
  ///   - position: The position of the sample in its epoch.
  ///   - order: The order of the epoch.
  ///   - target: The size of the input.
  ///   - draws: The random numbers of the sample.
  ///   - scratch: Memory of the worker.
  ///   - output: `3 · width · height` numbers from 0 to 1, [row, column, channel].
  /// - Returns: The targets.
  /// - Throws: `image` for one that cannot be decoded.
  package func make(
    position: Int, order: EpochOrder, target: Size, draws: inout Draws, scratch: SampleScratch,
    into output: UnsafeMutablePointer<Float>
  ) throws(TrainingDataError) -> TrainingTargets {
    let (width, height) = (target.width, target.height)
    var labels = try mapped(
      image: order.images[position], position: position, order: order, target: target,
      draws: &draws, scratch: scratch, into: scratch.plane)
    try blend(
      &labels, position: position, order: order, target: target, draws: &draws, scratch: scratch)
    if settings.hue != 0 || settings.saturation != 0 || settings.value != 0 {
      ColorShift(settings: settings, draws: &draws).apply(to: scratch.plane)
    }
    let keypointFlip = index.dataset.keypointFlip
    var (isUpsideDown, isFlipped) = (false, false)
    if task != .pose || keypointFlip != nil {
      isUpsideDown = draws.uniform(0, 1) < settings.flipVertical
      isFlipped = draws.uniform(0, 1) < settings.flipHorizontal
    }
    if isUpsideDown { labels.mirrorUpsideDown(height: Float(height), keypointFlip: keypointFlip) }
    if isFlipped { labels.mirror(width: Float(width), keypointFlip: keypointFlip) }
    let isBlueFirst =
      settings.exchangeRedBlue > 0 && draws.uniform(0, 1) < settings.exchangeRedBlue
    scratch.plane.write(
      to: output, isFlipped: isFlipped, isUpsideDown: isUpsideDown, isBlueFirst: isBlueFirst)
    return labels.targets(task: task, width: width, height: height, masks: masks)
  }

  /// Creates a sample up to and with the map into the input.
  package func mapped(
    image: Int, position: Int, order: EpochOrder, target: Size, draws: inout Draws,
    scratch: SampleScratch, into plane: PixelPlane
  ) throws(TrainingDataError) -> SampleLabels {
    var labels = try composed(
      image: image, position: position, order: order, draws: &draws, on: scratch.canvas)
    let canvas = scratch.canvas
    if settings.copyPaste > 0, settings.copyPasteMode == .flip {
      CopyPaste.pasteMirrored(
        onto: canvas, labels: &labels, fraction: settings.copyPaste, source: scratch.copyCanvas)
    }
    let affine = AffineTransform(
      settings: settings, source: (canvas.width, canvas.height),
      target: (target.width, target.height), draws: &draws)
    plane.resize(width: target.width, height: target.height)
    BilinearWarp(canvas).warp(by: affine.transform, into: plane)
    labels.map(
      by: affine, width: target.width, height: target.height, isOriented: task == .obb)
    return labels
  }

  /// Puts an image, or a mosaic of it and three partners, on a canvas.
  private func composed(
    image: Int, position: Int, order: EpochOrder, draws: inout Draws, on canvas: Canvas
  ) throws(TrainingDataError) -> SampleLabels {
    guard settings.mosaic > 0, draws.uniform(0, 1) <= settings.mosaic else {
      let pixels = try store.image(image)
      canvas.copy(pixels)
      return labels(of: image, width: pixels.width, height: pixels.height)
    }
    var images = [image]
    for _ in 0..<3 { images.append(order.partner(at: position, draws: &draws)) }
    let mosaic = Mosaic(imageSize: imageSize, draws: &draws)
    canvas.resize(width: mosaic.side, height: mosaic.side)
    var labels = SampleLabels()
    for (quarter, image) in images.enumerated() {
      let pixels = try store.image(image)
      mosaic.place(pixels, quarter: quarter, on: canvas)
      var part = self.labels(of: image, width: pixels.width, height: pixels.height)
      let corner = mosaic.corner(quarter, width: pixels.width, height: pixels.height)
      part.map(scale: SIMD2(1, 1), offset: SIMD2(Float(corner.x), Float(corner.y)))
      labels.append(part)
    }
    labels.clip(
      width: Float(mosaic.side), height: Float(mosaic.side), isOriented: task == .obb)
    labels.dropEmpty()
    return labels
  }

  /// Returns the labels of an image in pixels.
  private func labels(of image: Int, width: Int, height: Int) -> SampleLabels {
    var labels = index.images[image].labels
    labels.resamplePolygons(to: polygonPoints)
    labels.map(scale: SIMD2(Float(width), Float(height)), offset: .zero)
    return labels
  }
}
