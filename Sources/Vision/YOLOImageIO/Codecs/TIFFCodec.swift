import YOLOGeometry
import YOLOImage

/// Decoding of the first page of a TIFF through libtiff, turned upright.
///
/// As Ultralytics decodes it: colors of more than 8 bits keep their 8 high bits, alpha is dropped;
/// all else is libtiff's own conversion to RGB. A page that is damaged anywhere is refused.
enum TIFFCodec {
  /// Returns the size of the upright image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Size {
    let input = LibraryInput(bytes)
    let file = try open(input, named: source, maximumAllocation: headerAllocation)
    let page = try TIFFPage(file, named: source, limits: limits, maximumSamples: Image.channelLimit)
    return page.orientation.upright(page.size)
  }

  /// Decodes the first page.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Image {
    let input = LibraryInput(bytes)
    // The size decides how much may be allocated, which is set when a file is opened.
    let header = try TIFFPage(
      open(input, named: source, maximumAllocation: headerAllocation), named: source,
      limits: limits)
    let pixels = header.size.width * header.size.height
    let file = try open(
      LibraryInput(bytes), named: source, maximumAllocation: headerAllocation + 16 * pixels)
    let page = try TIFFPage(file, named: source, limits: limits)
    return try Image(stored: page.size, orientation: page.orientation) {
      pixels throws(ImageIOError) in
      if page.isDeepColor {
        try readSamples(page, 0..<3, of: file, named: source, into: pixels)
      } else {
        try readConverted(page, of: file, named: source, into: pixels)
      }
    }
  }

  /// Decodes the first page to RGB or gray, or what has other channels than these.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits, channels: Int
  ) throws(ImageIOError) -> Image {
    switch channels {
    case 3: try decode(bytes, named: source, limits: limits)
    case 1: try decode(bytes, named: source, limits: limits).gray(.fourteenBits)
    default: try decodeChannels(bytes, named: source, limits: limits, channels: channels)
    }
  }

  /// What libtiff may allocate at once beyond 16 bytes a pixel: directories, and tiles of images
  /// that are smaller than a tile.
  static let headerAllocation = 32 << 20

  static func open(
    _ input: LibraryInput, named source: String, maximumAllocation: Int
  ) throws(ImageIOError) -> TIFFFile {
    guard let library = TIFFLibrary.shared else {
      throw .missing(.tiff, of: source, format: .tiff)
    }
    guard let file = TIFFFile(input, library: library, maximumAllocation: maximumAllocation) else {
      throw .corrupt(
        source: source, format: .tiff, reason: input.message ?? "it has no first page")
    }
    return file
  }

  /// Throws the error of a page that cannot be decoded.
  static func failure(
    _ file: borrowing TIFFFile, named source: String
  ) -> ImageIOError {
    .corrupt(source: source, format: .tiff, reason: file.message ?? "its first page is damaged")
  }

  private static func readConverted(
    _ page: TIFFPage, of file: borrowing TIFFFile, named source: String,
    into pixels: UnsafeMutablePointer<UInt8>
  ) throws(ImageIOError) {
    try forEachConverted(page, of: file, named: source) { index, value in
      // SAFETY: the image has as many pixels as the page.
      pixels[3 * index] = UInt8(truncatingIfNeeded: value)
      pixels[3 * index + 1] = UInt8(truncatingIfNeeded: value >> 8)
      pixels[3 * index + 2] = UInt8(truncatingIfNeeded: value >> 16)
    }
  }

  /// Calls `body` with the index of each pixel and its red, green, blue and alpha, from the lowest
  /// byte on, as libtiff converts them.
  static func forEachConverted(
    _ page: TIFFPage, of file: borrowing TIFFFile, named source: String,
    _ body: (Int, UInt32) -> Void
  ) throws(ImageIOError) {
    if let problem = file.conversionProblem() {
      throw .corrupt(source: source, format: .tiff, reason: problem)
    }
    let count = page.size.width * page.size.height
    let raster = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
    defer { raster.deallocate() }
    raster.initialize(repeating: 0, count: count)
    guard file.readConverted(size: (page.size.width, page.size.height), into: raster) else {
      throw failure(file, named: source)
    }
    // SAFETY: the raster has `count` pixels.
    for index in 0..<count { body(index, raster[index]) }
  }

  /// Reads the 8 high bits of some samples of 8 to 16 bits of each pixel, and drops the others.
  static func readSamples(
    _ page: TIFFPage, _ samples: Range<Int>, of file: borrowing TIFFFile, named source: String,
    into pixels: UnsafeMutablePointer<UInt8>
  ) throws(ImageIOError) {
    let size = page.size
    let channels = samples.count
    guard let block = page.block else { throw failure(file, named: source) }
    let samplesInBlock = page.isPlanar ? 1 : page.sampleCount
    let rowBytes = (block.width * samplesInBlock * page.bits + 7) / 8
    let (blockBytes, overflows) = rowBytes.multipliedReportingOverflow(by: block.height)
    guard !overflows, blockBytes == file.blockSize,
      blockBytes <= page.maximumAllocation
    else { throw failure(file, named: source) }
    let across = (size.width + block.width - 1) / block.width
    let down = (size.height + block.height - 1) / block.height
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: blockBytes)
    defer { buffer.deallocate() }
    buffer.initialize(repeating: 0, count: blockBytes)
    for plane in 0..<(page.isPlanar ? channels : 1) {
      for index in 0..<across * down {
        let top = index / across * block.height
        let left = index % across * block.width
        let height = min(block.height, size.height - top)
        let width = min(block.width, size.width - left)
        // The last strip has only the rows that are left; tiles are whole.
        let count = file.isTiled ? blockBytes : height * rowBytes
        guard
          file.readBlock(
            (samples.lowerBound + plane) * across * down + index, into: buffer, count: count)
        else {
          throw failure(file, named: source)
        }
        for y in 0..<height {
          let row = buffer + y * rowBytes
          let target = pixels + channels * ((top + y) * size.width + left)
          for x in 0..<width {
            // SAFETY: the samples lie in the row, the pixels in the image.
            if page.isPlanar {
              target[channels * x + plane] = page.highBits(of: x, in: row)
            } else {
              for channel in 0..<channels {
                target[channels * x + channel] = page.highBits(
                  of: x * page.sampleCount + samples.lowerBound + channel, in: row)
              }
            }
          }
        }
      }
    }
  }
}

/// What the fields of a page say.
struct TIFFPage {
  /// The stored size.
  let size: Size
  /// How the image has to be turned.
  let orientation: Orientation
  /// Bits a sample.
  let bits: Int
  /// Samples a pixel.
  let sampleCount: Int
  /// Whether the samples of a pixel lie in different planes.
  let isPlanar: Bool
  /// What the samples mean, as the format numbers it.
  let photometric: Int
  /// Whether it has color of 9 to 16 bits, neither palette nor CMYK.
  let isDeepColor: Bool
  /// The size of a tile or strip; nil for one without pixels.
  let block: Size?

  /// What may be allocated to decode it.
  var maximumAllocation: Int {
    TIFFCodec.headerAllocation + max(16, 2 * sampleCount) * size.width * size.height
  }

  /// Reads the fields; throws `corrupt` or `tooManyPixels`.
  init(
    _ file: borrowing TIFFFile, named source: String, limits: ImageLimits, maximumSamples: Int = 4
  ) throws(ImageIOError) {
    func damage(_ reason: String) -> ImageIOError {
      .corrupt(source: source, format: .tiff, reason: reason)
    }
    guard let width = file.long(TIFFTag.width), let height = file.long(TIFFTag.height) else {
      throw damage("its first page has no size")
    }
    size = Size(width: width, height: height)
    try limits.check(size, of: source, format: .tiff)
    guard let photometric = file.short(TIFFTag.photometric) else {
      throw damage("its first page does not say what samples mean")
    }
    bits = file.short(TIFFTag.bitsPerSample) ?? 1
    sampleCount = file.short(TIFFTag.samplesPerPixel) ?? 1
    self.photometric = photometric
    guard (1...maximumSamples).contains(sampleCount) else {
      throw damage("it has \(sampleCount) samples a pixel, expected 1...\(maximumSamples)")
    }
    let format = file.short(TIFFTag.sampleFormat) ?? 1
    let kinds = [2: "signed", 3: "floating-point", 5: "complex", 6: "complex"]
    if let kind = kinds[format] {
      throw damage("it has \(kind) samples of \(bits) bits, expected unsigned ones of up to 16")
    }
    orientation = Orientation(rawValue: file.short(TIFFTag.orientation) ?? 1) ?? .upright
    isPlanar = file.short(TIFFTag.planarConfiguration) == 2
    isDeepColor = photometric == 2 && (9...16).contains(bits) && sampleCount >= 3
    let blockWidth = file.isTiled ? file.long(TIFFTag.tileWidth) ?? 0 : width
    let blockHeight =
      file.isTiled
      ? file.long(TIFFTag.tileHeight) ?? 0 : min(file.long(TIFFTag.rowsPerStrip) ?? height, height)
    block =
      blockWidth > 0 && blockHeight > 0 ? Size(width: blockWidth, height: blockHeight) : nil
  }

  /// Returns the 8 high bits of a sample of a row.
  func highBits(of index: Int, in row: UnsafePointer<UInt8>) -> UInt8 {
    if bits == 16 {
      // libtiff has brought the bytes of 16 bits into the machine's order.
      let value = UnsafeRawPointer(row).loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
      return UInt8(truncatingIfNeeded: value >> 8)
    }
    let first = index * bits
    // 8 bits from `first` on: they reach into the next byte unless they begin one.
    let shift = first & 7
    let high = row[first >> 3] << UInt8(shift)
    return shift == 0 ? high : high | row[first >> 3 + 1] >> UInt8(8 - shift)
  }
}
