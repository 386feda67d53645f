public import Foundation
public import YOLO
public import YOLOImageIO

// `localizedDescription` of an error without a description of its own is a number; these have a
// sentence.

extension YOLOError: LocalizedError {
  /// What is wrong, where, and what was expected.
  public var errorDescription: String? { message }
}

extension OptionError: LocalizedError {
  /// The option, the value, and what was expected.
  public var errorDescription: String? { description }
}

extension PixelBufferError: LocalizedError {
  /// What is wrong with the buffer, and what was expected.
  public var errorDescription: String? { description }
}

extension ImageIOError: LocalizedError {
  /// What is wrong with which file, and what was expected.
  public var errorDescription: String? { description }
}
