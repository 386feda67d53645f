#if Server
import YOLOPlatformClient
import YOLOServer
import YOLOSystem

extension ExitStatus {
  /// The exit code of settings that are not accepted.
  init(_ error: SettingsError) {
    switch error {
    case .value, .unknownKey, .repeatedKey, .noModels, .conflict, .exclusive, .tooSmall:
      self = .usage
    case .unreadable: self = .noInput
    case .malformed: self = .damagedInput
    }
  }

  /// The exit code of keys that cannot be used.
  init(_ error: KeyStoreError) {
    switch error {
    case .missing: self = .noInput
    case .inaccessible, .full: self = .cannotWrite
    case .damaged, .foreign, .newer: self = .damagedInput
    case .unknownKey, .invalid: self = .usage
    case .busy, .cancelled: self = .other
    }
  }

  /// The exit code of backups.
  init(_ error: BackupError) {
    switch error {
    case .database(let error): self.init(error)
    case .file(let error): self = error.reason == .exists ? .cannotWrite : .noInput
    case .damaged, .newer, .inconsistent: self = .damagedInput
    case .exists: self = .cannotWrite
    }
  }

  /// The exit code of what a training needs of a Platform.
  init(_ error: PlatformClientError) {
    switch error {
    case .setting, .argument: self = .usage
    case .resource: self = .noInput
    case .line: self = .damagedInput
    case .file: self = .cannotWrite
    case .cancelled, .interrupted: self = .other
    }
  }

  /// The exit code of what a platform refuses.
  init(_ error: PlatformError) {
    switch error {
    case .database(let error): self.init(error)
    case .unknownAccount, .takenName, .unknownKey, .invalid, .tooMany, .repeatedEntry,
      .unknownResource, .foreignResource, .takenSlug, .planLimit, .projectInTrash, .unknown,
      .unconfirmedDeletion, .activeSubscription:
      self = .usage
    case .unknownUpload, .redeemedUpload, .changedUpload, .unknownImage, .busyDataset,
      .changedDataset, .emptyDataset, .namesake:
      self = .usage
    case .activeTraining, .inactiveTraining, .datasetInTraining, .boundKey, .insufficientCredits:
      self = .usage
    case .noWeights, .unknownExport, .activeExport, .unknownDeployment, .takenDeployment,
      .deploymentState:
      self = .usage
    case .storageFull, .storage: self = .cannotWrite
    }
  }
}
#endif
