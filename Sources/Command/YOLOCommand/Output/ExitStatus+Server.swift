#if Server
import YOLOServer

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

  /// The exit code of what a platform refuses.
  init(_ error: PlatformError) {
    switch error {
    case .database(let error): self.init(error)
    case .unknownAccount, .takenName, .unknownKey, .invalid, .tooMany, .repeatedEntry,
      .unknownResource, .foreignResource, .takenSlug, .planLimit, .projectInTrash:
      self = .usage
    case .unknownUpload, .redeemedUpload, .changedUpload, .unknownImage, .busyDataset:
      self = .usage
    case .storageFull, .storage: self = .cannotWrite
    }
  }
}
#endif
