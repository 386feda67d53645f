import ArgumentParser
import YOLO
import YOLOSystem
import YOLOTraining

#if Server
import Foundation
import YOLOPlatformClient
#endif

/// What `yolo train` has to do with a Platform: nothing, in a build without the trait Server.
struct PlatformLink {
  #if Server
  private let training: PlatformTraining
  #endif
  private let options: TrainOptions

  /// Looks at what the arguments and the environment ask for.
  ///
  /// - Throws: What says so, where a Platform is asked for that cannot be reached by this build.
  init(_ options: TrainOptions, command: [String]) throws {
    self.options = options
    #if Server
    training = try PlatformTraining(
      options, environment: ProcessInfo.processInfo.environment,
      command: ["yolo", "train"] + command, version: Version.current)
    #else
    for argument in [TrainArgument.model, .data, .pretrained] {
      guard let text = options[argument].text, text.lowercased().hasPrefix("ul://") else {
        continue
      }
      throw ValidationError(
        "\(argument.rawValue)=\(text.excerpt(limit: 100)): this build has no client of Platforms; "
          + "one with the package trait Server has")
    }
    #endif
  }

  /// Reports the start, and returns the arguments with paths in place of addresses.
  func begin(unless isCancelled: @Sendable () -> Bool) throws -> TrainOptions {
    #if Server
    return try training.begin(unless: isCancelled) { StandardError.write("\($0)\n") }
    #else
    return options
    #endif
  }

  /// Returns what tells whether the Platform wants the training to end.
  var cancellationCheck: @Sendable () -> Bool {
    #if Server
    return training.cancellationCheck
    #else
    return { false }
    #endif
  }

  /// Reports what a training tells; returns what the user should know.
  func take(_ update: TrainingUpdate) -> [String] {
    #if Server
    return training.take(update)
    #else
    return []
    #endif
  }

  /// Reports the end of a training that is done.
  func finish(unless isCancelled: @Sendable () -> Bool) -> [String] {
    #if Server
    return training.finish(unless: isCancelled)
    #else
    return []
    #endif
  }

  /// Reports that a training has ended otherwise.
  func fail(_ error: any Error, unless isCancelled: @Sendable () -> Bool) -> [String] {
    #if Server
    var messages = training.fail(error, unless: isCancelled)
    if let reason = training.cancellation {
      messages.append("the Platform has ended the training: \(reason.sanitized())")
    }
    return messages
    #else
    return []
    #endif
  }

  /// Whether an error is the wish of the user, or of the Platform.
  static func isInterruption(_ error: any Error) -> Bool {
    if case TrainingError.interrupted = error { return true }
    #if Server
    switch error {
    case PlatformClientError.interrupted, PlatformClientError.cancelled: return true
    default: break
    }
    #endif
    return false
  }
}
