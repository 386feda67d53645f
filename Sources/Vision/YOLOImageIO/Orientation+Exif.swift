extension Orientation {
  /// Finds the orientation in a TIFF structure, the payload of EXIF metadata: the first entry
  /// 0x0112 of the first directory, whatever its type; `.upright` for a value beyond 1...8.
  ///
  /// Nil where there is no such entry or the structure is damaged before it. What counts as
  /// damage was observed on OpenCV: any byte order but `II` is big-endian, and of the entries ahead
  /// of the orientation, some have to have their values inside the structure.
  package init?(tiff bytes: Span<UInt8>) {
    // "II" stands for Intel's order, "MM" for Motorola's.
    let order: ByteOrder = bytes.has("II", at: 0) ? .littleEndian : .bigEndian
    guard bytes.integer(at: 2, count: 2, order) == 42,
      let directory = bytes.integer(at: 4, count: 4, order),
      let entries = bytes.integer(at: directory, count: 2, order)
    else { return nil }
    for index in 0..<entries {
      let entry = directory + 2 + 12 * index
      guard let tag = bytes.integer(at: entry, count: 2, order) else { return nil }
      if tag == 0x0112 {
        guard let value = bytes.integer(at: entry + 8, count: 2, order) else { return nil }
        self = Orientation(rawValue: value) ?? .upright
        return
      }
      guard let count = bytes.integer(at: entry + 4, count: 4, order),
        let offset = bytes.integer(at: entry + 8, count: 4, order)
      else { return nil }
      let length = Self.lengthOutsideEntry(of: tag, count: count)
      guard length == 0 || bytes.range(at: offset, count: length) != nil else { return nil }
    }
    return nil
  }

  /// The bytes that an entry's value takes outside of the entry, 0 for tags that are not checked.
  private static func lengthOutsideEntry(of tag: Int, count: Int) -> Int {
    switch tag {
    // ImageDescription, Make, Model, Software, DateTime, Copyright: text, up to 4 bytes inside.
    case 0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x8298: count > 4 ? count : 0
    // XResolution, YResolution: a fraction of two 4-byte numbers.
    case 0x011A, 0x011B: 8
    // WhitePoint, YCbCrCoefficients, PrimaryChromaticities, ReferenceBlackWhite.
    case 0x013E: 2 * 8
    case 0x0211: 3 * 8
    case 0x013F, 0x0214: 6 * 8
    default: 0
    }
  }
}
