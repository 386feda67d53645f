import CJPEG
import Dispatch
import YOLOGeometry
import YOLOImage
import YOLOSystem

/// Decoding and encoding of JPEG through libjpeg-turbo.
enum JPEGCodec {
  /// The pixels from which on a second thread pays for its start.
  private static let sharedPixels = 1 << 19

  /// Returns the size of the upright image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Size {
    // SAFETY: the caller keeps the bytes alive throughout.
    let header = try JPEGHeader(Span(_unsafeElements: bytes), named: source)
    try limits.check(header.size, of: source, format: .jpeg)
    return header.orientation.upright(header.size)
  }

  /// Decodes a file with the exact integer transform and smooth chroma upsampling, turned upright:
  /// to RGB, or to gray, which is the luminance that the file has.
  ///
  /// With `threads` of 2 or more the lower third of a large image is decoded beside the rest.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits, threads: Int,
    isGray: Bool = false
  ) throws(ImageIOError) -> Image {
    // SAFETY: the caller keeps the bytes alive throughout.
    let header = try JPEGHeader(Span(_unsafeElements: bytes), named: source)
    let size = header.size
    try limits.check(size, of: source, format: .jpeg)
    if isGray, header.componentCount == 4 {
      return try decode(bytes, named: source, limits: limits, threads: threads)
        .gray(.fourteenBits)
    }
    let isShared =
      threads > 1 && header.hasSingleScan && size.width * size.height >= Self.sharedPixels
      && size.height >= 32
    return try Image(
      stored: size, channels: isGray ? 1 : 3, orientation: header.orientation
    ) { pixels throws(ImageIOError) in
      let job = Job(
        bytes: bytes, size: size, componentCount: header.componentCount,
        maximumScans: Int32(clamping: limits.maximumScans), isGray: isGray)
      var failure: CJPEGReader?
      let decode = { (target: UnsafeMutablePointer<UInt8>) in
        failure = isShared ? job.sharedDecode(to: target) : job.decode(0..<size.height, to: target)
        return failure == nil
      }
      let isDecoded =
        header.componentCount == 4
        ? decodeInks(to: pixels, count: size.width * size.height, decode) : decode(pixels)
      guard !isDecoded, let failure else { return }
      if failure.ranOut != 0 { throw .truncated(source: source, format: .jpeg) }
      if failure.hasTooManyScans != 0 {
        throw .tooManyScans(source: source, maximum: limits.maximumScans)
      }
      throw .corrupt(source: source, format: .jpeg, reason: String(characters: failure.message))
    }
  }

  /// A file to decode.
  ///
  /// It crosses threads within one decoding only.
  private struct Job: @unchecked Sendable {
    let bytes: UnsafeBufferPointer<UInt8>
    let size: Size
    let componentCount: Int
    let maximumScans: Int32
    let isGray: Bool

    /// Decodes rows into their places among all; returns the reader if it failed.
    func decode(_ rows: Range<Int>, to pixels: UnsafeMutablePointer<UInt8>) -> CJPEGReader? {
      var reader = CJPEGReader()
      reader.bytes = bytes.baseAddress
      reader.count = bytes.count
      reader.firstRow = UInt32(rows.lowerBound)
      reader.endRow = UInt32(rows.upperBound)
      reader.maximumScans = maximumScans
      // SAFETY: fails unless the file has this size and number of components; four of them take
      // four bytes a pixel, any other number three, or one as gray.
      let isDecoded = cjpeg_decode(
        &reader, UInt32(size.width), UInt32(size.height), Int32(componentCount), isGray ? 1 : 0,
        pixels)
      return isDecoded == 0 ? reader : nil
    }

    /// Decodes all rows on two threads; returns the first reader that failed.
    ///
    /// Passing over a row, which undoes the Huffman coding only, takes about half the time of
    /// decoding it: the second thread, which has to pass over the first part, gets a third.
    func sharedDecode(to pixels: UnsafeMutablePointer<UInt8>) -> CJPEGReader? {
      let middle = size.height * 2 / 3
      let outcome = Outcome(pixels: pixels)
      DispatchQueue.concurrentPerform(iterations: 2) { part in
        if part == 0 {
          outcome.upper = decode(0..<middle, to: outcome.pixels)
        } else {
          outcome.lower = decode(middle..<size.height, to: outcome.pixels)
        }
      }
      return outcome.upper ?? outcome.lower
    }
  }

  /// What two threads write, each its own member and its own rows.
  private final class Outcome: @unchecked Sendable {
    let pixels: UnsafeMutablePointer<UInt8>
    var upper: CJPEGReader?
    var lower: CJPEGReader?

    init(pixels: UnsafeMutablePointer<UInt8>) { self.pixels = pixels }
  }

  /// Converts what `decode` gives, CMYK with 255 for no ink, to RGB, rounded as OpenCV does.
  private static func decodeInks(
    to pixels: UnsafeMutablePointer<UInt8>, count: Int,
    _ decode: (UnsafeMutablePointer<UInt8>) -> Bool
  ) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4 * count) { buffer in
      guard let inks = buffer.baseAddress, decode(inks) else { return false }
      // SAFETY: the buffers hold `count` pixels, of four bytes and of three.
      for pixel in 0..<count {
        let black = UInt16(inks[4 * pixel + 3])
        for channel in 0..<3 {
          let absorbed = ((255 - UInt16(inks[4 * pixel + channel])) * black) >> 8
          pixels[3 * pixel + channel] = UInt8(black - absorbed)
        }
      }
      return true
    }
  }

  /// Encodes an image as a baseline file.
  static func encode(
    _ image: Image, quality: Int, subsampling: ChromaSubsampling
  ) throws(ImageIOError) -> [UInt8] {
    guard max(image.width, image.height) <= 65_500 else {
      throw .unencodable(
        format: .jpeg,
        reason: "it has \(image.width)×\(image.height) pixels, the limit is 65500 a side")
    }
    // Twice the samples, padded to whole blocks, is what libjpeg-turbo itself takes for the most.
    let padded = (image.width + 15) / 16 * 16 * ((image.height + 15) / 16 * 16)
    let capacity = (subsampling == .full ? 6 : 3) * padded + 2048
    var failure: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      var writer = CJPEGWriter()
      writer.bytes = target.baseAddress
      writer.capacity = capacity
      // SAFETY: writes at most `capacity` bytes and reads the image's rows.
      let isEncoded = cjpeg_encode_rgb(
        &writer, UInt32(image.width), UInt32(image.height), image.pixels, Int32(quality),
        subsampling == .full ? 1 : 2)
      if isEncoded == 0 { failure = String(characters: writer.message) }
      count = writer.count
    }
    if let failure { throw .unencodable(format: .jpeg, reason: failure) }
    return bytes
  }
}
