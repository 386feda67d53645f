import YOLOGeometry
import YOLOImage

extension TIFFCodec {
  /// What the samples of a pixel mean (TIFF 6.0).
  private enum Photometric {
    static let whiteIsZero = 0
    static let blackIsZero = 1
    static let rgb = 2
    static let inks = 5
  }

  /// Decodes an image of two channels, or of four and more: as many gray pages as channels, in
  /// their order, or one page of as many samples in theirs.
  ///
  /// As OpenCV decodes them: samples of more than 8 bits keep their 8 high bits, and the four
  /// samples of color with alpha, or of inks, become blue, green, red and alpha. What OpenCV cannot
  /// decode, pages of other samples than colors, keeps the order of the file.
  static func decodeChannels(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits, channels: Int
  ) throws(ImageIOError) -> Image {
    let maximum = Image.channelLimit
    let header = try open(
      LibraryInput(bytes), named: source, maximumAllocation: headerAllocation)
    let first = try TIFFPage(header, named: source, limits: limits, maximumSamples: maximum)
    var pageCount = 1
    while pageCount <= maximum, header.nextPage() { pageCount += 1 }
    let found = pageCount > 1 ? pageCount : first.sampleCount
    guard found == channels else {
      throw .channels(source: source, found: found, expected: channels)
    }
    try limits.check(first.size, of: source, format: .tiff, channels: channels)
    let file = try open(
      LibraryInput(bytes), named: source, maximumAllocation: first.maximumAllocation)
    return try Image(
      stored: first.size, channels: channels, orientation: first.orientation
    ) { pixels throws(ImageIOError) in
      if pageCount > 1 {
        for channel in 0..<channels {
          let page = try TIFFPage(file, named: source, limits: limits)
          try check(page, channel, like: first, named: source)
          // SAFETY: all pages have the size of the first, and the image has a sample for each.
          try forEachConverted(page, of: file, named: source) { index, value in
            pixels[channels * index + channel] = UInt8(truncatingIfNeeded: value)
          }
          guard channel == channels - 1 || file.nextPage() else {
            throw failure(file, named: source)
          }
        }
        return
      }
      let page = try TIFFPage(file, named: source, limits: limits, maximumSamples: maximum)
      let isColor = [Photometric.rgb, Photometric.inks].contains(page.photometric)
      guard channels == 4, isColor, page.bits == 8 else {
        guard (8...16).contains(page.bits) else {
          throw .corrupt(
            source: source, format: .tiff,
            reason: "it has \(channels) samples of \(page.bits) bits, expected 8 to 16")
        }
        try readSamples(page, 0..<channels, of: file, named: source, into: pixels)
        if channels == 4, page.photometric == Photometric.rgb {
          exchangeRedAndBlue(pixels, count: page.size.width * page.size.height)
        }
        return
      }
      // SAFETY: the image has four samples for each pixel.
      try forEachConverted(page, of: file, named: source) { index, value in
        pixels[4 * index] = UInt8(truncatingIfNeeded: value >> 16)
        pixels[4 * index + 1] = UInt8(truncatingIfNeeded: value >> 8)
        pixels[4 * index + 2] = UInt8(truncatingIfNeeded: value)
        pixels[4 * index + 3] = UInt8(truncatingIfNeeded: value >> 24)
      }
    }
  }

  /// Checks that a page is a channel of an image.
  private static func check(
    _ page: TIFFPage, _ index: Int, like first: TIFFPage, named source: String
  ) throws(ImageIOError) {
    func reason(_ found: String, _ expected: String) -> ImageIOError {
      .corrupt(
        source: source, format: .tiff,
        reason: "page \(index + 1) has \(found), expected \(expected)")
    }
    guard page.sampleCount == 1,
      [Photometric.whiteIsZero, Photometric.blackIsZero].contains(page.photometric)
    else { throw reason("colors or several samples", "one sample of gray, as a channel") }
    guard page.size == first.size else {
      throw reason(
        "\(page.size.width)×\(page.size.height) pixels",
        "\(first.size.width)×\(first.size.height) as the first has")
    }
    guard page.bits == first.bits, page.orientation == first.orientation else {
      throw reason("samples of \(page.bits) bits or another orientation", "those of the first")
    }
  }

  private static func exchangeRedAndBlue(_ pixels: UnsafeMutablePointer<UInt8>, count: Int) {
    // SAFETY: there are four samples for each pixel.
    for index in 0..<count {
      let red = pixels[4 * index]
      pixels[4 * index] = pixels[4 * index + 2]
      pixels[4 * index + 2] = red
    }
  }
}
