import YOLOGeometry
public import YOLOImage
public import YOLOPostprocess
import YOLOSystem

extension Results {
  /// How much of a pixel's color its class's color makes up.
  private static let tint: Float = 0.5

  /// Returns the image with the results drawn on it in the colors of the classes: boxes, masks,
  /// skeletons, oriented boxes, or bars for the probabilities of classes.
  ///
  /// Pixels of a class map are tinted in their class's color. Of a depth map the distances are drawn in
  /// place of the image, on a logarithmic scale from light, near, to dark, far; the nearest and the
  /// farthest 2 % are beyond its ends.
  public func drawn(on image: Image, options: DrawingOptions = DrawingOptions()) -> Image {
    if let classification {
      return image.annotated(
        with: classification.top5.map {
          ClassBarAnnotation(
            name: $0.className, probability: $0.confidence, classIndex: $0.classIndex)
        }, options: options)
    }
    if let classMap { return image.tinted(by: classMap, opacity: Self.tint) }
    if let depthMap { return image.replaced(by: depthMap) }
    return image.annotated(with: instances, options: options)
  }
}

extension Image {
  /// Returns the image with each pixel tinted in the color of its class.
  fileprivate func tinted(by map: ClassMap, opacity: Float) -> Image {
    let base = Canvas(self).image
    var pixels = base.pixels
    let colors = (0..<Int(ClassMap.none)).map { ClassPalette.color(ofClass: $0) }
    forEachPixel(of: map.size) { index, source in
      let value = map.classes[source]
      guard value != ClassMap.none else { return }
      let color = colors[Int(value)]
      for (channel, level) in [color.red, color.green, color.blue].enumerated() {
        let own = Float(pixels[3 * index + channel])
        pixels[3 * index + channel] = UInt8(
          (own + (Float(level) - own) * opacity).rounded(.toNearestOrEven))
      }
    }
    return Image(knownSize: size, channels: 3, pixels: pixels)
  }

  /// Returns the distances of the pixels as colors; where a distance is no number, the scale's own
  /// color for that.
  fileprivate func replaced(by map: DepthMap) -> Image {
    let (near, far) = map.logarithmicRange()
    let span = max(far - near, .leastNormalMagnitude)
    var pixels = [UInt8](repeating: 0, count: 3 * size.width * size.height)
    forEachPixel(of: map.size) { index, source in
      let color = ColorScale.inferno.color(of: (far - logf(map.distances[source])) / span)
      pixels[3 * index] = color.red
      pixels[3 * index + 1] = color.green
      pixels[3 * index + 2] = color.blue
    }
    return Image(knownSize: size, channels: 3, pixels: pixels)
  }

  /// Calls with the position of each pixel, and with that of the pixel of a map that lies there.
  private func forEachPixel(of map: Size, _ body: (_ index: Int, _ source: Int) -> Void) {
    for y in 0..<size.height {
      let row = y * map.height / size.height * map.width
      for x in 0..<size.width { body(y * size.width + x, row + x * map.width / size.width) }
    }
  }
}

extension DepthMap {
  /// The maximum number of pixels that the range is found from.
  private static let sampleLimit = 20_000
  /// The part of the pixels that is left out at each end.
  private static let tail: Float = 0.02

  /// Returns the logarithms of the distances that a scale goes from and to, so that a few outliers do not
  /// take it up; zeros where no pixel has a number.
  fileprivate func logarithmicRange() -> (near: Float, far: Float) {
    let step = max(1, distances.count / Self.sampleLimit)
    let sample = stride(from: 0, to: distances.count, by: step).map { logf(distances[$0]) }
      .filter(\.isFinite).sorted()
    guard let last = sample.indices.last else { return (0, 0) }
    let tail = Int((Self.tail * Float(last)).rounded())
    return (sample[tail], sample[last - tail])
  }
}
