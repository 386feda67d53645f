import Testing
import YOLOGeometry
import YOLOImage
import YOLOTestSupport

/// Images of any number of channels: resizing, letterbox, views, gray and what is shown.
@Suite struct ChannelResizeTests {
  @Test func agreesWithOpenCV() throws {
    var fixture = try Fixture("channels.bin")
    var cases = 0
    while !fixture.isAtEnd {
      let given = try fixture.integers(5)
      let size = Size(width: given[0], height: given[1])
      let target = Size(width: given[2], height: given[3])
      let image = Image(
        knownSize: size, channels: given[4],
        pixels: try fixture.data(given[4] * size.width * size.height))
      let wanted = Image(
        knownSize: target, channels: given[4],
        pixels: try fixture.data(given[4] * target.width * target.height))
      #expect(isSame(image.resized(to: target), wanted), "\(given)")
      cases += 1
    }
    #expect(cases == 30)
  }

  /// Gray is resized as each channel of RGB is, which has kernels of its own.
  @Test func grayIsResizedLikeColors() {
    var random = SplitMix64(seed: 41)
    for _ in 0..<200 {
      func side() -> Int { Int.random(in: 1...70, using: &random) }
      let gray = Image.random(
        Size(width: side(), height: side()), channels: 1, using: &random)
      let target = Size(width: side(), height: side())
      #expect(
        isSame(gray.resized(to: target).rgb, gray.rgb.resized(to: target)),
        "\(gray.size) to \(target)")
    }
  }

  @Test(arguments: [1, 2, 4, 5, 10])
  func rowsAndViewsAreThoseOfTheWhole(channels: Int) {
    var random = SplitMix64(seed: 42)
    for _ in 0..<40 {
      func side(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      let image = Image.random(
        Size(width: side(2...60), height: side(2...60)), channels: channels, using: &random)
      let target =
        Bool.random(using: &random) ? image.size : Size(width: side(8...70), height: side(8...70))
      let letterbox = Letterbox(
        source: image.size, target: target, stride: 32, isRectangular: Bool.random(using: &random))
      let whole = image.letterboxed(letterbox)
      #expect(whole.channels == channels && whole.size == letterbox.padded)
      let cut = side(0...letterbox.padded.height)
      var pixels: [UInt8] = []
      image.withView { view in
        for part in [0..<cut, cut..<letterbox.padded.height] {
          view.forEachRow(of: letterbox, in: part) { _, samples in
            pixels += UnsafeBufferPointer(start: samples, count: channels * letterbox.padded.width)
          }
        }
      }
      #expect(pixels == whole.pixels)
      let padding = whole.pixels.prefix(channels * letterbox.padded.width * letterbox.top)
      #expect(padding.allSatisfy { $0 == 114 })
      let part = PixelRectangle(
        left: 1, top: 1, right: side(2...image.width), bottom: side(2...image.height))
      image.withView(of: part) { view in
        let copy = Image(view)
        #expect(copy.size == view.size && copy.channels == channels)
        #expect(copy.pixels[0] == image.pixels[channels * (image.width + 1)])
        #expect(isSame(view.resized(to: target), copy.resized(to: target)))
      }
    }
  }

  /// Halves go to the even neighbor where four pixels are averaged, and up elsewhere.
  @Test func halvesDependOnTheChannels() {
    let size = Size(width: 1, height: 1)
    for (sum, even, up) in [(2, 0, 1), (6, 2, 2), (10, 2, 3), (14, 4, 4)] {
      for channels in [1, 2, 3, 4, 5] {
        let levels = [sum / 2, sum / 2, sum - sum / 2 * 2, 0].flatMap {
          [UInt8](repeating: UInt8($0), count: channels)
        }
        let image = Image(
          knownSize: Size(width: 2, height: 2), channels: channels, pixels: levels)
        let level = Int(image.resized(to: size).pixels[0])
        #expect(level == ([1, 3, 4].contains(channels) ? up : even), "\(sum) \(channels)")
      }
    }
  }

  @Test func grayAndWhatIsShown() throws {
    let size = Size(width: 2, height: 1)
    let color = Image(knownSize: size, pixels: [255, 0, 0, 10, 200, 30])
    #expect(color.gray().pixels == [76, 124])
    #expect(color.rgb == color)
    let gray = color.gray()
    #expect(gray.channels == 1 && gray.gray() == gray)
    #expect(gray.rgb.pixels == [76, 76, 76, 124, 124, 124])
    let two = Image(knownSize: size, channels: 2, pixels: [1, 2, 3, 4])
    #expect(two.rgb.pixels == [0, 2, 1, 0, 4, 3])
    let five = Image(knownSize: size, channels: 5, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    #expect(five.rgb.pixels == [3, 2, 1, 8, 7, 6])
  }

  @Test func channelsAreChecked() {
    let size = Size(width: 2, height: 2)
    #expect(throws: PixelBufferError.channels(0, limit: 512)) {
      try Image(size: size, pixels: [], channels: 0)
    }
    #expect(throws: PixelBufferError.channels(513, limit: 512)) {
      try Image(size: size, gray: 1, channels: 513)
    }
    #expect(throws: PixelBufferError.count(bytes: 12, expected: 16)) {
      try Image(size: size, pixels: [UInt8](repeating: 0, count: 12), channels: 4)
    }
    #expect(throws: PixelBufferError.self) {
      try Image(size: Size(width: 1 << 15, height: 1 << 15), gray: 0, channels: 4)
    }
    [UInt8](repeating: 0, count: 16).withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      #expect(throws: PixelBufferError.rowStride(7, minimum: 8)) {
        try ImageView(pixels: base, size: size, rowStride: 7, channels: 4)
      }
    }
  }
}
