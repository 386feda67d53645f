import YOLOGeometry

/// What a JPEG file says ahead of its first scan (ITU-T T.81, annex B).
struct JPEGHeader {
  /// The stored size; a side is 0 where the file leaves it open.
  var size: Size
  /// The number of color components.
  var componentCount: Int
  /// How the image has to be turned.
  var orientation: Orientation
  /// Whether one scan, coded by Huffman's method, holds all pixels from top to bottom.
  var hasSingleScan: Bool

  /// Walks the markers to the first scan.
  ///
  /// Throws `truncated`, or `corrupt` where no frame header precedes the scan.
  init(_ bytes: Span<UInt8>, named source: String) throws(ImageIOError) {
    var frame: (size: Size, componentCount: Int, isSequential: Bool)?
    var orientation: Orientation?
    var position = 2
    markers: while true {
      guard let marker = Self.nextMarker(in: bytes, from: &position) else {
        throw .truncated(source: source, format: .jpeg)
      }
      switch marker {
      // End of image and start of scan.
      case 0xD9, 0xDA: break markers
      // Without parameters: TEM, RST0...RST7, SOI, and values that are no markers at all.
      case 0x01...0xBF, 0xD0...0xD8: continue
      default: break
      }
      guard let length = bytes.integer(at: position, count: 2, .bigEndian),
        let field = bytes.range(at: position + 2, count: max(length - 2, 0))
      else { throw .truncated(source: source, format: .jpeg) }
      let payload = bytes.extracting(field)
      position = field.upperBound
      switch marker {
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        guard frame == nil, let height = payload.integer(at: 1, count: 2, .bigEndian),
          let width = payload.integer(at: 3, count: 2, .bigEndian),
          let count = payload.integer(at: 5, count: 1, .bigEndian)
        else {
          throw .corrupt(
            source: source, format: .jpeg, reason: "the frame header is too short or repeated")
        }
        frame = (Size(width: width, height: height), count, marker <= 0xC1)
      case 0xE1:
        guard orientation == nil, payload.has("Exif\0\0", at: 0) else { continue }
        orientation = Orientation(tiff: payload.extracting(droppingFirst: 6))
      default:
        break
      }
    }
    guard let frame else {
      throw .corrupt(source: source, format: .jpeg, reason: "no frame header precedes the scans")
    }
    size = frame.size
    componentCount = frame.componentCount
    self.orientation = orientation ?? .upright
    // Behind the length of the scan's header stands the number of its components.
    hasSingleScan =
      frame.isSequential
      && bytes.integer(at: position + 2, count: 1, .bigEndian) == frame.componentCount
  }

  /// Finds the next marker at or behind `position`, whatever lies between, and moves `position`
  /// behind it.
  private static func nextMarker(in bytes: Span<UInt8>, from position: inout Int) -> UInt8? {
    while position + 1 < bytes.count {
      position += 1
      if bytes[position - 1] == 0xFF, bytes[position] != 0x00, bytes[position] != 0xFF {
        position += 1
        return bytes[position - 1]
      }
    }
    return nil
  }
}
