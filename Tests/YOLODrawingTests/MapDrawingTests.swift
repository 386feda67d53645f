import Testing
import YOLODrawing
import YOLOGeometry
import YOLOImage
import YOLOPostprocess

/// The maps of dense tasks drawn on images.
@Suite struct MapDrawingTests {
  private let speed = Speed(preprocess: 0, inference: 0, postprocess: 0)
  private let size = Size(width: 4, height: 2)

  /// An image of one gray.
  private func image(channels: Int = 3, _ size: Size) -> Image {
    Image(
      knownSize: size, channels: channels,
      pixels: [UInt8](repeating: 100, count: channels * size.width * size.height))
  }

  private func pixel(_ image: Image, _ x: Int, _ y: Int) -> [UInt8] {
    let start = 3 * (y * image.width + x)
    return Array(image.pixels[start..<start + 3])
  }

  @Test(arguments: [1, 3]) func pixelsAreTintedByTheirClass(channels: Int) {
    let map = ClassMap(size: size, classes: [0, 0, 1, ClassMap.none, 1, 1, 21, 21])
    let results = Results(source: "a", classMap: map, names: ["a", "b"], speed: speed)
    let drawn = results.drawn(on: image(channels: channels, size))
    func tinted(_ index: Int) -> [UInt8] {
      let color = ClassPalette.color(ofClass: index)
      return [color.red, color.green, color.blue].map {
        UInt8((100 + (Float($0) - 100) / 2).rounded(.toNearestOrEven))
      }
    }
    #expect(drawn.channels == 3 && drawn.size == size)
    #expect(pixel(drawn, 0, 0) == tinted(0) && pixel(drawn, 2, 0) == tinted(1))
    #expect(pixel(drawn, 3, 0) == [100, 100, 100] && pixel(drawn, 2, 1) == tinted(21))
    // Twice as large, as a frame that was scaled.
    let doubled = results.drawn(on: image(Size(width: 8, height: 4)))
    #expect(pixel(doubled, 5, 1) == tinted(1) && pixel(doubled, 7, 1) == [100, 100, 100])
  }

  /// Near is light and far is dark; what is no number has a color of its own.
  @Test func distancesCoverTheImage() {
    let map = DepthMap(size: size, distances: [1, 2, 4, 8, .nan, 1, 1, 1])
    let results = Results(source: "a", depthMap: map, names: ["depth"], speed: speed)
    let drawn = results.drawn(on: image(size))
    let light = (0..<4).map { pixel(drawn, $0, 0).reduce(0) { $0 + Int($1) } }
    #expect(light == light.sorted(by: >) && Set(light).count == 4)
    #expect(pixel(drawn, 0, 1) == [255, 0, 255] && pixel(drawn, 1, 1) == pixel(drawn, 0, 0))
    // All the same, and none at all.
    for distances: [Float] in [.init(repeating: 3, count: 8), .init(repeating: .nan, count: 8)] {
      let flat = Results(
        source: "a", depthMap: DepthMap(size: size, distances: distances), names: [], speed: speed)
      #expect(Set(flat.drawn(on: image(size)).pixels).count <= 3)
    }
  }
}
