/// The address of a stream, or the device of a camera, that ffmpeg reads.
public struct StreamAddress: Sendable, Hashable {
  /// The address as it was given.
  public let address: String
  /// The address without a password, for messages and results.
  public let name: String

  /// The schemes of addresses that are streams.
  static let schemes: Set<String> = [
    "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp",
  ]
  /// The suffixes of addresses of the web that are streams.
  private static let liveSuffixes = [".m3u8", ".mjpeg", ".mjpg", ".mpd"]
  /// The protocols that a stream may use: none that opens a file of this machine.
  private static let protocols =
    "rtp,srtp,rtmp,rtmps,rtmpt,srt,tcp,udp,tls,http,https,httpproxy,crypto"

  /// Reads the address of a stream, `rtsp://…` or of another scheme, or the path of a camera,
  /// `/dev/video0`; nil for anything else.
  ///
  /// An address of the web is a stream if it ends in `.m3u8`, `.mjpeg`, `.mjpg` or `.mpd`.
  public init?(_ text: String) {
    address = text
    if text.hasPrefix("/dev/video"), text.dropFirst(10).allSatisfy(\.isNumber), text.count > 10 {
      name = text
      return
    }
    guard let scheme = Self.scheme(of: text) else { return nil }
    let isWeb = scheme == "http" || scheme == "https"
    let path = text.prefix { $0 != "?" && $0 != "#" }.lowercased()
    let isLive = isWeb && Self.liveSuffixes.contains { path.hasSuffix($0) }
    guard Self.schemes.contains(scheme) || isLive else { return nil }
    name = Self.withoutPassword(text)
  }

  /// Returns the scheme of an address in lower case; nil for what is none.
  public static func scheme(of text: String) -> String? {
    let scheme = text.utf8.prefix { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
    guard !scheme.isEmpty, text.utf8[scheme.endIndex...].starts(with: "://".utf8) else {
      return nil
    }
    return text[..<scheme.endIndex].lowercased()
  }

  /// Returns an address with `***` for its password.
  public static func withoutPassword(_ text: String) -> String {
    guard let start = text.firstRange(of: "://")?.upperBound else { return text }
    let host = text[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let end = host.lastIndex(of: "@"), let colon = host[..<end].firstIndex(of: ":") else {
      return text
    }
    return text[...colon] + "***" + text[end...]
  }

  /// Returns a message without the address, which may have a password.
  func withoutAddress(_ message: String) -> String {
    var rest = message[...]
    var text = ""
    while let range = rest.firstRange(of: address) {
      text += rest[..<range.lowerBound] + name
      rest = rest[range.upperBound...]
    }
    return text + rest
  }

  /// The arguments of ffmpeg: frames as PPM images on its standard output.
  func arguments(maximumPixels: Int) -> [String] {
    var arguments = [
      "-hide_banner", "-v", "error", "-nostdin", "-threads", "2", "-max_pixels",
      "\(max(maximumPixels, 1))",
    ]
    if address.hasPrefix("/") {
      arguments += ["-f", "v4l2"]
    } else {
      // Not "nobuffer": it drops what was read to find the streams, all of a short one.
      arguments += ["-flags", "low_delay"]
      arguments += ["-protocol_whitelist", Self.protocols]
      if Self.scheme(of: address)?.hasPrefix("rtsp") == true {
        arguments += ["-rtsp_transport", "tcp"]
      }
    }
    return arguments + [
      "-i", address, "-map", "0:V:0", "-an", "-sn", "-dn", "-fps_mode", "passthrough", "-pix_fmt",
      "rgb24", "-c:v", "ppm", "-f", "image2pipe", "pipe:1",
    ]
  }
}

/// When a stream is read again after it broke, and when it is given up.
public struct StreamPolicy: Sendable, Hashable {
  /// How many times in a row it is tried again without a frame; with 0, a stream that ends by
  /// itself is complete.
  public var retries: Int
  /// The time without a frame after which it counts as broken, in seconds.
  public var patience: Double
  /// The time before it is tried again, in seconds; it doubles each time.
  public var firstDelay: Double
  /// The maximum of that time, in seconds.
  public var maximumDelay: Double

  /// Creates a policy; the defaults are ten tries, 15 seconds of patience, and half a second up to
  /// ten before each.
  public init(
    retries: Int = 10, patience: Double = 15, firstDelay: Double = 0.5, maximumDelay: Double = 10
  ) {
    precondition(retries >= 0 && patience > 0 && firstDelay >= 0 && maximumDelay >= 0)
    self.retries = retries
    self.patience = patience
    self.firstDelay = firstDelay
    self.maximumDelay = maximumDelay
  }

  /// The time before the try of a number, from 0.
  func delay(_ number: Int) -> Duration {
    var seconds = firstDelay
    for _ in 0..<min(number, 30) { seconds = min(2 * seconds, maximumDelay) }
    return .seconds(min(seconds, maximumDelay))
  }
}
