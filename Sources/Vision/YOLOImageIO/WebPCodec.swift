import CWebP
import YOLOGeometry
import YOLOImage

/// Decoding of WebP through libwebp.
enum WebPCodec {
  /// Returns the size of the upright image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits,
    channels: Int = 3
  ) throws(ImageIOError) -> Size {
    let size = try header(of: bytes, named: source, limits: limits).size
    return orientation(of: bytes, channels: channels).upright(size)
  }

  /// Returns the stored size, whether there is more than one frame, and whether there is alpha.
  private static func header(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> (size: Size, isAnimated: Bool, hasAlpha: Bool) {
    var features = WebPBitstreamFeatures()
    let status = WebPGetFeatures(bytes.baseAddress, bytes.count, &features)
    guard status == VP8_STATUS_OK else { throw failure(status, of: source) }
    let size = Size(width: Int(features.width), height: Int(features.height))
    try limits.check(size, of: source, format: .webp)
    return (size, features.has_animation != 0, features.has_alpha != 0)
  }

  /// Decodes a file, the first frame of an animation, turned upright: to RGB, to gray, or where it
  /// has alpha to the four channels blue, green, red and alpha.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits,
    channels: Int = 3
  ) throws(ImageIOError) -> Image {
    if channels == 1 { return try decode(bytes, named: source, limits: limits).gray() }
    let (size, isAnimated, hasAlpha) = try header(of: bytes, named: source, limits: limits)
    guard channels == 3 || channels == 4 && hasAlpha else {
      throw .channels(source: source, found: hasAlpha ? 4 : 3, expected: channels)
    }
    return try Image(
      stored: size, channels: channels, orientation: orientation(of: bytes, channels: channels)
    ) {
      pixels throws(ImageIOError) in
      if isAnimated {
        try decodeFirstFrame(
          of: bytes, named: source, size: size, channels: channels, into: pixels)
      } else {
        var configuration = WebPDecoderConfig()
        guard WebPInitDecoderConfig(&configuration) != 0 else {
          throw .corrupt(source: source, format: .webp, reason: "libwebp is of another version")
        }
        configuration.output.colorspace = channels == 4 ? MODE_BGRA : MODE_RGB
        configuration.output.is_external_memory = 1
        configuration.output.u.RGBA.rgba = pixels
        configuration.output.u.RGBA.stride = CInt(channels * size.width)
        configuration.output.u.RGBA.size = channels * size.width * size.height
        // SAFETY: libwebp refuses an image that does not fit the buffer described here.
        let status = WebPDecode(bytes.baseAddress, bytes.count, &configuration)
        guard status == VP8_STATUS_OK else { throw failure(status, of: source) }
      }
    }
  }

  /// Decodes the first frame of an animation onto its canvas, black where the frame leaves it open.
  private static func decodeFirstFrame(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, size: Size,
    channels: Int, into pixels: UnsafeMutablePointer<UInt8>
  ) throws(ImageIOError) {
    var data = WebPData(bytes: bytes.baseAddress, size: bytes.count)
    var options = WebPAnimDecoderOptions()
    guard WebPAnimDecoderOptionsInit(&options) != 0 else {
      throw .corrupt(source: source, format: .webp, reason: "libwebp is of another version")
    }
    options.color_mode = channels == 4 ? MODE_BGRA : MODE_RGBA
    guard let decoder = WebPAnimDecoderNew(&data, &options) else {
      throw .corrupt(source: source, format: .webp, reason: "the animation is damaged")
    }
    defer { WebPAnimDecoderDelete(decoder) }
    var information = WebPAnimInfo()
    var canvas: UnsafeMutablePointer<UInt8>?
    var timestamp: CInt = 0
    guard WebPAnimDecoderGetInfo(decoder, &information) != 0,
      Int(information.canvas_width) == size.width, Int(information.canvas_height) == size.height,
      WebPAnimDecoderGetNext(decoder, &canvas, &timestamp) != 0, let canvas
    else {
      throw .corrupt(source: source, format: .webp, reason: "the first frame is damaged")
    }
    // SAFETY: the canvas, which the decoder owns, has four bytes for each of these pixels.
    for pixel in 0..<size.width * size.height {
      for channel in 0..<channels {
        pixels[channels * pixel + channel] = canvas[4 * pixel + channel]
      }
    }
  }

  /// Reads the orientation from the first `EXIF` chunk, upright where the container is damaged
  /// anywhere or does not announce one; an image with alpha is not turned, as OpenCV has it.
  private static func orientation(
    of bytes: UnsafeBufferPointer<UInt8>, channels: Int
  ) -> Orientation {
    guard [1, 3].contains(channels) else { return .upright }
    var data = WebPData(bytes: bytes.baseAddress, size: bytes.count)
    guard let container = WebPDemux(&data) else { return .upright }
    defer { WebPDemuxDelete(container) }
    var chunk = WebPChunkIterator()
    guard WebPDemuxGetChunk(container, "EXIF", 1, &chunk) != 0 else { return .upright }
    defer { WebPDemuxReleaseChunkIterator(&chunk) }
    let payload = UnsafeBufferPointer(start: chunk.chunk.bytes, count: chunk.chunk.size)
    // SAFETY: the chunk lies within the bytes, which the caller keeps alive throughout.
    return Orientation(tiff: Span(_unsafeElements: payload)) ?? .upright
  }

  private static func failure(_ status: VP8StatusCode, of source: String) -> ImageIOError {
    if status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED {
      return .truncated(source: source, format: .webp)
    }
    let reason =
      switch status {
      case VP8_STATUS_OUT_OF_MEMORY: "out of memory"
      case VP8_STATUS_INVALID_PARAM: "the image does not fit its header"
      case VP8_STATUS_BITSTREAM_ERROR: "the compressed data are damaged"
      case VP8_STATUS_UNSUPPORTED_FEATURE: "it uses an unsupported feature"
      default: "libwebp status \(status.rawValue)"
      }
    return .corrupt(source: source, format: .webp, reason: reason)
  }
}
