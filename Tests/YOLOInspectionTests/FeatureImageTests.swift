import Testing
import YOLO
import YOLOGeometry
import YOLOImage
import YOLOInspection
import YOLOTensor
import YOLOTestSupport

/// Images of the outputs of modules.
@Suite struct FeatureImageTests {
  private static func color(_ image: Image, _ x: Int, _ y: Int) -> [UInt8] {
    let index = 3 * (y * image.width + x)
    return Array(image.pixels[index..<index + 3])
  }

  @Test func aMosaicHasATileForEachChannel() throws {
    // Three channels: a ramp, a constant, one with a NaN.
    let ramp = (0..<6).map { Float($0) }
    let values = ramp + [Float](repeating: 4, count: 6) + [.nan] + [Float](repeating: 1, count: 5)
    let tensor = Tensor(shape: [1, 3, 2, 3], values: values)
    let mosaic = try #require(FeatureMosaic().image(of: tensor, path: "model.4"))
    // Two columns of tiles of 42 · 3 by 42 · 2 pixels.
    let (width, height) = (126, 84)
    #expect(mosaic.size == Size(width: 2 * (width + 4) + 4, height: 26 + 2 * (height + 4)))
    let (left, top) = (4, 26)
    // Violet for the least, yellow for the greatest value; away from the channel's number.
    #expect(Self.color(mosaic, left + 30, top + 30) == [68, 1, 84])
    #expect(Self.color(mosaic, left + width - 1, top + height - 1) == [253, 231, 37])
    // The middle of the scale where all are equal; a color of its own for what is no number.
    #expect(Self.color(mosaic, left + width + 4 + 60, top + 60) == [33, 145, 140])
    #expect(Self.color(mosaic, left + 40, top + height + 4 + 40) == [255, 0, 255])
  }

  @Test func largeMapsAreReducedByTheirMean() throws {
    var values = [Float](repeating: 0, count: 400 * 300)
    // A checkerboard of single pixels, as bright on average everywhere, but for one corner.
    for index in values.indices { values[index] = Float((index % 400 + index / 400) % 2) }
    for y in 0..<60 { for x in 0..<60 { values[y * 400 + x] = 1 } }
    let tensor = Tensor(shape: [1, 1, 300, 400], values: values)
    let mosaic = try #require(FeatureMosaic().image(of: tensor, path: "m"))
    #expect(mosaic.width <= 240 && mosaic.height <= 26 + 192 + 8)
    #expect(Self.color(mosaic, 4 + 18, 26 + 18) == [253, 231, 37])
    #expect(Self.color(mosaic, 4 + 100, 26 + 80)[0] < 60)
  }

  @Test func onlySoManyChannelsAreShown() throws {
    let tensor = Tensor(shape: [1, 100], values: (0..<100).map { Float($0) })
    let few = try #require(FeatureMosaic(channelLimit: 9).image(of: tensor, path: "m"))
    #expect(few.width == max(3 * (128 + 4) + 4, 240))
    #expect(
      FeatureMosaic().image(of: Tensor(shape: [4], values: [1, 2, 3, 4]), path: "m") == nil)
    #expect(
      FeatureMosaic().image(of: Tensor(shape: [1, 4, 0, 2], values: []), path: "m") == nil)
  }

  /// A single active cell is drawn where the photo has it, whatever the letterbox.
  @Test(arguments: [(640, 480), (480, 640), (1000, 200), (37, 301)])
  func anOverlayLiesWhereThePhotoIs(width: Int, height: Int) throws {
    let photo = Image(knownSize: Size(width: width, height: height), gray: 200)
    for isRectangular in [true, false] {
      let letterbox = Letterbox(
        source: photo.size, target: Size(width: 320, height: 320), stride: 32,
        isRectangular: isRectangular)
      let (columns, rows) = (letterbox.padded.width / 8, letterbox.padded.height / 8)
      var values = [Float](repeating: 0, count: columns * rows)
      // The cell over the point at a quarter of the photo's width and three quarters of its height.
      let x = letterbox.left + letterbox.resized.width / 4
      let y = letterbox.top + letterbox.resized.height * 3 / 4
      values[y / 8 * columns + x / 8] = 9
      let overlay = try #require(
        ActivationOverlay(on: photo, fit: .letterbox(letterbox)).image(
          of: Tensor(shape: [1, 1, rows, columns], values: values), path: "m"))
      #expect(overlay.size == photo.size)
      // The brightest red lies within a cell of that point.
      var best = (value: -1, x: 0, y: 0)
      for row in 0..<height {
        for column in 0..<width {
          let pixel = Self.color(overlay, column, row)
          // The least tint is dark, the greatest yellow; the caption is white on black.
          let value = Int(pixel[0]) - Int(pixel[2])
          if value > best.value { best = (value, column, row) }
        }
      }
      let cell = Double(8 * width) / Double(letterbox.resized.width)
      #expect(abs(Double(best.x) - Double(width) / 4) <= 1.5 * cell + 1, "\(best)")
      #expect(abs(Double(best.y) - Double(height) * 3 / 4) <= 1.5 * cell + 1, "\(best)")
    }
  }

  @Test func largePhotosAreReduced() throws {
    let photo = Image(knownSize: Size(width: 4000, height: 2000), gray: 9)
    let letterbox = Letterbox(
      source: photo.size, target: Size(width: 64, height: 64), stride: 32, isRectangular: true)
    let overlay = try #require(
      ActivationOverlay(on: photo, fit: .letterbox(letterbox)).image(
        of: Tensor(shape: [1, 1, 4, 8], values: [Float](repeating: 1, count: 32)), path: "m"))
    #expect(overlay.width * overlay.height <= ActivationOverlay.pixelLimit)
    #expect(abs(overlay.width - 2 * overlay.height) <= 2)
  }

  @Test func aClassifiersOverlayIsOnTheCrop() throws {
    let (model, photo) = (try Shipped.model("classify"), try Shipped.image("classify"))
    let trace = try model.trace(photo, taps: ["model.4"])
    let tensor = try #require(trace.tensors["model.4"])
    let overlay = try #require(
      ActivationOverlay(on: photo, fit: trace.fit).image(of: tensor, path: "model.4"))
    #expect([1, 3, overlay.height, overlay.width] == trace.input.shape)
  }
}
