import ArgumentParser

#if Server
import YOLOServer
#endif

/// `yolo backup`: writes a platform into one file.
struct BackupCommand: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Writes the data of yolo serve --data into one file, also while it serves.",
    discussion: """
      The file has everything of all accounts: the database with the hashes of keys, the secrets of \
      webhooks and of signed addresses, each object once, and the models of DIR/models. Only its \
      owner may read it. A file that is there is not replaced.
      """)

  @Argument(help: "The directory of the data.")
  var directory: String

  @Argument(help: "The file, an archive of tar.")
  var file: String
}

/// `yolo restore`: restores a platform from what `yolo backup` wrote.
struct RestoreCommand: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Restores what yolo backup wrote into a new directory, and checks all of it.")

  @Argument(help: "The file that yolo backup wrote.")
  var file: String

  @Argument(help: "The directory: one that there is not yet, or that is empty.")
  var directory: String
}

#if Server
extension BackupCommand {
  func perform() async throws {
    let summary = try PlatformBackup(directory: directory).write(to: file)
    StandardError.write("\(file) has \(summary.text).\n")
  }
}

extension RestoreCommand {
  func perform() async throws {
    let summary = try PlatformRestore(archive: file).write(to: directory)
    StandardError.write("\(directory) has \(summary.text); everything is as it was written.\n")
  }
}

extension PlatformBackup.Summary {
  /// What there is, for people.
  fileprivate var text: String {
    "the database, \(objects) objects of \(objectBytes) bytes and \(models) models"
  }
}
#endif
