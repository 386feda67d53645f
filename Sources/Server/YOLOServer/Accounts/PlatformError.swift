#if Server
import YOLOSystem

/// Why the platform refuses something that was asked of its database.
package enum PlatformError: Error, Sendable, Hashable {
  /// The database cannot be read or written.
  case database(KeyStoreError)
  /// There is no account of this name.
  case unknownAccount(String)
  /// Another account has the name.
  case takenName(String)
  /// There is no active key of this identifier.
  case unknownKey(String)
  /// An argument is not what it must be.
  case invalid(argument: String, given: String, expected: String)
  /// There are as many as there may be.
  case tooMany(what: String, maximum: Int)
  /// An entry of the ledger of this identifier exists already.
  case repeatedEntry(externalID: String)
  /// The account uses so many bytes that there is no room for more.
  case storageFull(used: Int, adding: Int, limit: Int)
  /// There is no upload of this identifier, or it is over.
  case unknownUpload(String)
  /// An upload was redeemed, so that no other file may come for it.
  case redeemedUpload(String)
  /// Another file has come for an upload while it was redeemed.
  case changedUpload(String)
  /// Objects cannot be written or read.
  case storage(StorageError)
  /// There is no such resource, or none that whoever asks may see.
  case unknownResource(ResourceKind, String)
  /// The resource belongs to another account.
  case foreignResource(ResourceKind, String)
  /// Another resource has the slug.
  case takenSlug(ResourceKind, String)
  /// The account has as many as its plan allows.
  case planLimit(what: String, maximum: Int)
  /// There is no such image, or none that whoever asks may see.
  case unknownImage(String)
  /// Files are taken into the dataset, and have been waiting or read for so many seconds.
  case busyDataset(String, seconds: Int)
  /// An account is deleted only if it is said that this is meant.
  case unconfirmedDeletion
  /// The account has a subscription that is paid for.
  case activeSubscription
  /// There is nothing of a kind with this identifier.
  case unknown(what: String, String)
  /// The dataset was changed while it was read.
  case changedDataset(String)
  /// The dataset has no images.
  case emptyDataset(String)
  /// An image of the part has the name of another one that is to be moved there.
  case namesake(name: String, split: String)
  /// The project of a model is in the trash itself.
  case projectInTrash(String)
  /// A training of the model is under way, or about to begin.
  case activeTraining(String)
  /// No training of the model is under way.
  case inactiveTraining(String)
  /// A training under way reads the dataset.
  case datasetInTraining(String)
  /// The key is that of another model's training.
  case boundKey
  /// The balance is less than what a training may cost, both in micro-USD.
  case insufficientCredits(needed: Int, available: Int)
  /// A model has no weights yet.
  case noWeights(String)
  /// There is no such export, or none that whoever asks may see.
  case unknownExport(String)
  /// The same export, of this identifier, is not over.
  case activeExport(String)
  /// There is no such deployment, or none that whoever asks may see.
  case unknownDeployment(String)
  /// Another deployment of the account has the slug.
  case takenDeployment(String)
  /// A deployment is not in a state in which this can be asked of it.
  case deploymentState(String, status: String, verb: String)
}

/// A kind of what accounts have.
package enum ResourceKind: String, Sendable, Hashable, CaseIterable, Codable {
  case project
  case dataset
  case model
}

extension PlatformError: CustomStringConvertible {
  /// A sentence that names what and where.
  package var description: String {
    switch self {
    case .database(.missing(let path)):
      "\(path): there is no platform: the file does not exist; yolo accounts create makes it"
    case .database(let error): "\(error)"
    case .unknownAccount(let name): "there is no account \(name); yolo accounts list shows all"
    case .takenName(let name): "there is already an account \(name)"
    case .unknownKey(let id): "there is no active key \(id)"
    case .invalid(let argument, let given, let expected):
      "\(argument) must be \(expected), but \"\(given)\" was given"
    case .tooMany(let what, let maximum): "the account has its \(maximum) \(what)"
    case .unknownResource(let kind, let name): "there is no \(kind.rawValue) \(name)"
    case .foreignResource(let kind, let name):
      "the \(kind.rawValue) \(name) belongs to another account"
    case .takenSlug(let kind, let slug): "there is already a \(kind.rawValue) \(slug)"
    case .planLimit(let what, let maximum):
      "the account has the \(maximum) \(what) that it may have"
    case .unknownImage(let id): "there is no image \(id)"
    case .busyDataset(let slug, _):
      "files are still taken into the dataset \(slug); try again once it is ready"
    case .unconfirmedDeletion:
      "the deletion of this account must be confirmed with the word DELETE as confirmationWord"
    case .activeSubscription:
      "the account has a subscription, which would go on to be charged: cancel it first"
    case .unknown(let what, let id): "there is no \(what) \(id)"
    case .changedDataset(let slug):
      "the dataset \(slug) is being changed; try again"
    case .emptyDataset(let slug): "the dataset \(slug) has no images"
    case .namesake(let name, let split):
      "the \(split) part has an image \(name) already; say by conflictPolicy what is to become of it"
    case .projectInTrash(let project):
      "the project \(project) of this model is in the trash, too: restore the project first"
    case .activeTraining(let model):
      "a training of the model \(model) is under way; cancel it, or wait for its end"
    case .inactiveTraining(let model): "no training of the model \(model) is under way"
    case .datasetInTraining(let slug): "a training under way reads the dataset \(slug)"
    case .boundKey: "this key is that of another model's training"
    case .insufficientCredits(let needed, let available):
      "the training may cost \(Dollars.text(needed)), but the account has \(Dollars.text(available))"
    case .noWeights(let model): "the model \(model) has no weights yet"
    case .unknownExport(let id): "there is no export \(id)"
    case .unknownDeployment(let name): "there is no deployment \(name)"
    case .takenDeployment(let slug): "there is already a deployment \(slug)"
    case .deploymentState(let slug, let status, let verb):
      "the deployment \(slug) is \(status), so it cannot be \(verb)"
    case .activeExport(let id): "the same export is active already: \(id)"
    case .repeatedEntry(let externalID): "the ledger has the entry \(externalID) already"
    case .storageFull(let used, let adding, let limit):
      "the account uses \(used) of its \(limit) bytes, so there is no room for \(adding) more"
    case .unknownUpload(let id): "there is no upload \(id), or it is over"
    case .redeemedUpload(let id):
      "the upload \(id) is complete, so that no other file may come for it"
    case .changedUpload(let id): "another file has come for the upload \(id) meanwhile"
    case .storage(let error): "\(error)"
    }
  }

  /// Returns what an error of the database, or one from inside a transaction, means.
  init(_ error: any Error, path: String) {
    switch error {
    case let error as PlatformError: self = error
    case let error as StorageError: self = .storage(error)
    case let error as FileError:
      self = .storage(.inaccessible(path: error.path, reason: error.message))
    default: self = .database(KeyStoreError(error, path: path))
    }
  }
}
#endif
