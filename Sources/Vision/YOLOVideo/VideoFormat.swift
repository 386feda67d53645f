/// A container format of videos, as its first bytes tell it.
public enum VideoFormat: String, Sendable, CaseIterable {
  /// MP4, QuickTime and their kin.
  case mp4 = "MP4"
  /// Matroska and WebM.
  case matroska = "Matroska"
  /// Audio Video Interleave.
  case avi = "AVI"
  /// The transport stream of MPEG-2.
  case transportStream = "MPEG-TS"
  /// The program stream of MPEG-1 and MPEG-2.
  case programStream = "MPEG-PS"
  /// Flash Video.
  case flash = "FLV"
  /// Ogg.
  case ogg = "Ogg"
  /// An animated GIF.
  case gif = "GIF"
  /// Windows Media.
  case windowsMedia = "ASF"

  /// How many first bytes recognition looks at.
  public static let signatureLength = 1024

  /// Names the format of a regular file; nil for one that cannot be read, or is no video.
  public static func recognize(contentsOf path: String) -> VideoFormat? {
    try? VideoFile.check(path, maximumBytes: .max)
  }

  /// Names the format of a file by its first bytes, ``signatureLength`` of them or all.
  public static func recognize(_ firstBytes: [UInt8]) -> VideoFormat? {
    func has(_ signature: String, at offset: Int = 0) -> Bool {
      firstBytes.dropFirst(offset).starts(with: signature.utf8)
    }
    if ["ftyp", "moov", "mdat", "wide"].contains(where: { has($0, at: 4) }) {
      return imageBrands.contains { has($0, at: 8) } ? nil : .mp4
    }
    if firstBytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) { return .matroska }
    if has("RIFF"), has("AVI ", at: 8) { return .avi }
    if firstBytes.starts(with: [0x00, 0x00, 0x01, 0xBA]) { return .programStream }
    if has("FLV\u{1}") { return .flash }
    if has("OggS") { return .ogg }
    if has("GIF87a") || has("GIF89a") { return .gif }
    if firstBytes.starts(with: [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]) {
      return .windowsMedia
    }
    return isTransportStream(firstBytes) ? .transportStream : nil
  }

  /// The brands of files of the MP4 container that hold images: AVIF, HEIF, Canon's raw.
  private static let imageBrands = [
    "avif", "avis", "hei", "hev", "mif1", "msf1", "crx",
  ]

  /// Whether packets of 188 bytes, or of 192 with a time stamp before each, follow one another.
  private static func isTransportStream(_ bytes: [UInt8]) -> Bool {
    [(start: 0, length: 188), (start: 4, length: 192)].contains { start, length in
      (0..<3).allSatisfy { index in
        let offset = start + index * length
        return offset < bytes.count && bytes[offset] == 0x47
      }
    }
  }

  /// The formats in words, as messages have them.
  static var expected: String {
    let names = allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }

  /// The demultiplexers that ffmpeg may use: none that opens a file that another file names.
  static let demultiplexers =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,gif,asf"
}
