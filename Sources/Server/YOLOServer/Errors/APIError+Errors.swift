#if Server
import YOLOOptions
import HTTPTypes
import Hummingbird
import JSONText
import NIOCore
import NIOHTTP1
import YOLO
import YOLOImageIO
import YOLOVideo

extension APIError {
  /// Creates the response to an error of the layers below; nil for one that is a fault.
  init?(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as OptionError: self = Self(option: error)
    case let error as ImageIOError: self = Self(image: error)
    case let error as YOLOError:
      guard let failure = Self(runtime: error) else { return nil }
      self = failure
    case let error as HTTPParserError: self = Self(http: error)
    case let error as HTTPError:
      guard let failure = Self(http: error) else { return nil }
      self = failure
    // What the socket reports: the connection was reset or closed while a body was read.
    case is IOError, is ChannelError: self = .clientClosed
    default: return nil
    }
  }

  private init(option error: OptionError) {
    self = .invalidField(
      error.option, given: error.given, expected: error.expected, "\(error)")
  }

  private init(image error: ImageIOError) {
    switch error {
    case .tooManyBytes(_, _, let maximum):
      self = .tooLarge("\(error)", limit: maximum, unit: "bytes")
    case .tooManyPixels(_, _, let maximum):
      self = .tooLarge("\(error)", limit: maximum, unit: "pixels")
    case .tooManyScans(_, let maximum):
      self = .tooLarge("\(error)", limit: maximum, unit: "scans")
    case .empty, .unsupportedFormat, .missingLibrary, .truncated, .corrupt:
      self = .unsupportedMedia("\(error)")
    case .unreadable, .notAFile, .unknownSuffix, .unencodable, .unwritable:
      self = .fault
    }
  }

  /// Creates the response to an error of a video; `path`, where the video was stored, is not told.
  init(_ error: VideoError, storedAt path: String) {
    let message = "\(error)".replacing(path, with: "file")
    switch error {
    case .notInstalled(let program):
      self = .unsupportedMedia(
        "This server takes images only: it has no program \(program), which videos need.")
    case .noVideo, .damaged:
      self = .unsupportedMedia(message)
    case .tooLong(_, let maximum):
      self = .tooLarge(message, limit: Int(maximum), unit: "seconds")
    case .tooManyFrames(_, let maximum):
      self = .tooLarge(message, limit: maximum, unit: "frames")
    case .tooManyPixels(_, let maximum):
      self = .tooLarge(message, limit: maximum, unit: "pixels")
    case .tooManyBytes(_, let maximum):
      self = .tooLarge(message, limit: maximum, unit: "bytes")
    case .timedOut:
      self = .unavailable(message, rejection: .timeout)
    case .endedEarly:
      self = APIError(.internalServerError, "INTERNAL_ERROR", message)
    case .unreadable, .unwritable:
      self = .fault
    }
  }

  private init?(runtime error: YOLOError) {
    switch error.code {
    // The message begins with the option's name.
    case .option:
      self = .invalidField(String(error.message.prefix { $0 != " " }), error.message)
    case .tooLarge:
      self = APIError(
        .contentTooLarge, "PAYLOAD_TOO_LARGE", error.message, rejection: .tooLarge)
    default: return nil
    }
  }

  /// Creates the response to bytes that are no request.
  init(http error: HTTPParserError) {
    switch error {
    case .headerOverflow:
      self = APIError(
        .requestHeaderFieldsTooLarge, "PAYLOAD_TOO_LARGE",
        "The head of the request is larger than the server takes.", rejection: .tooLarge)
    default:
      self = APIError(
        .badRequest, "VALIDATION_ERROR", "This is no request of HTTP/1.1: \(error).")
    }
  }

  private init?(http error: HTTPError) {
    switch error.status {
    case .notFound: self = .notFound("There is nothing at this path.")
    case .badRequest:
      self = APIError(
        .badRequest, "VALIDATION_ERROR", error.body ?? "The request is malformed.")
    default: return nil
    }
  }
}
#endif
