import ArgumentParser
import YOLO
import YOLODatasets
import YOLODrawing
import YOLOGraph
import YOLOImageIO
import YOLOOptions
import YOLOSystem
import YOLOTraining
import YOLOTrainingData
import YOLOVerification
import YOLOVideo
import YOLOWeights

#if Server
import YOLOPlatformClient
import YOLOServer
#endif

/// Which exit code each kind of error ends in; the codes of `sysexits.h`.
enum ExitStatus: Int32 {
  case usage = 64
  case damagedInput = 65
  case noInput = 66
  case tooLarge = 69
  case other = 70
  case cannotWrite = 73

  init(_ error: any Error) {
    switch error {
    case let error as YOLOError: self.init(error.code)
    case let error as ImageIOError: self.init(error)
    case let error as WeightError: self.init(YOLOError(error).code)
    case let error as OptionError: self.init(YOLOError(error).code)
    case let error as SourceError: self = error.isMissing ? .noInput : .damagedInput
    case let error as DatasetError: self.init(error)
    case let error as VideoError: self.init(error)
    case let error as VerificationError: self.init(error)
    case let error as TypefaceError: self = error == .noFreeType ? .other : .noInput
    case let error as TrainingError: self.init(error)
    case let error as TrainingDataError: self.init(error)
    case is TrainOptionError, is LossError: self = .usage
    case let error as GraphError: self.init(YOLOError(error).code)
    case is RunDirectory.Failure: self = .cannotWrite
    case is ValidationError: self = .usage
    #if Server
    case let error as SettingsError: self.init(error)
    case let error as KeyStoreError: self.init(error)
    case let error as PlatformError: self.init(error)
    case let error as BackupError: self.init(error)
    case let error as PlatformClientError: self.init(error)
    #else
    case is MissingServerError: self = .usage
    #endif
    default: self = .other
    }
  }

  private init(_ code: YOLOError.Code) {
    switch code {
    case .checkpoint, .model, .channels: self = .damagedInput
    case .unreadable: self = .noInput
    case .unwritable: self = .cannotWrite
    case .option: self = .usage
    case .tooLarge: self = .tooLarge
    default: self = .other
    }
  }

  private init(_ error: DatasetError) {
    switch error {
    case .unreadable: self = .noInput
    case .tooLarge: self = .tooLarge
    case .missingSplit, .unsupportedTask: self = .usage
    case .malformed, .missingKey, .invalidValue, .noImages, .invalidLabel,
      .imageTooSmall, .invalidPrediction, .unsupportedFormat:
      self = .damagedInput
    }
  }

  private init(_ error: TrainingError) {
    switch error {
    case .argument: self = .usage
    case .model: self = .damagedInput
    case .diverged, .interrupted: self = .other
    }
  }

  private init(_ error: TrainingDataError) {
    switch error {
    case .dataset(let error): self.init(error)
    case .image(let error): self.init(error)
    case .noUsableImages, .noLabels: self = .damagedInput
    case .tooLittleSpace: self = .tooLarge
    case .invalidSetting: self = .usage
    }
  }

  private init(_ error: VerificationError) {
    switch error {
    case .file(let error): self.init(error)
    case .image(let error): self.init(error)
    case .model(let error): self.init(error.code)
    case .invalid, .newerFormat, .tensor, .expectation, .otherTask, .noCases: self = .damagedInput
    case .exists, .unwritable: self = .cannotWrite
    }
  }

  private init(_ error: ImageIOError) {
    switch error {
    case .unreadable, .notAFile: self = .noInput
    case .empty, .channels, .unsupportedFormat, .truncated, .corrupt: self = .damagedInput
    case .tooManyBytes, .tooManyPixels, .tooManyScans: self = .tooLarge
    case .unknownSuffix: self = .usage
    case .unencodable, .unwritable: self = .cannotWrite
    case .missingLibrary: self = .other
    }
  }

  private init(_ error: VideoError) {
    switch error {
    case .unreadable: self = .noInput
    case .noVideo, .noVideoStream, .damaged: self = .damagedInput
    case .tooLong, .tooManyFrames, .tooManyPixels, .tooManyBytes: self = .tooLarge
    case .unwritable: self = .cannotWrite
    case .notInstalled, .timedOut, .endedEarly: self = .other
    }
  }

  /// Prints an error and returns what ends the command.
  static func report(_ error: any Error) -> ExitCode {
    StandardError.write("error: \("\(error)".sanitized())\n")
    return ExitCode(ExitStatus(error).rawValue)
  }
}

/// Does the work of a command; its error is printed, and ends the command with the exit code.
func reporting(_ work: () throws -> Void) throws {
  do {
    try work()
  } catch let code as ExitCode {
    throw code
  } catch {
    throw ExitStatus.report(error)
  }
}

/// Does the work of a command; its error is printed, and ends the command with the exit code.
func reporting(_ work: () async throws -> Void) async throws {
  do {
    try await work()
  } catch let code as ExitCode {
    throw code
  } catch {
    throw ExitStatus.report(error)
  }
}
