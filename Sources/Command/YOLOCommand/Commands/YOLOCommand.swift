import ArgumentParser
import YOLO
import YOLOSystem

/// The command `yolo`.
@main
struct YOLOCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "yolo",
    abstract: "Runs Ultralytics YOLO checkpoints, without Python.",
    discussion: """
      Results go to standard output, everything else to standard error.
      Exit codes: 0 success, 1 what was compared does not agree, 64 wrong usage or option, 65 a file that is damaged or of the wrong \
      kind, 66 a file that cannot be opened, 69 an input that needs too much memory, 73 a file that \
      cannot be written, 70 anything else.\(serverNote)
      """,
    version: Version.current,
    subcommands: [
      PredictCommand.self, ValCommand.self, TrainCommand.self, CheckCommand.self, InfoCommand.self,
      BenchmarkCommand.self, TraceCommand.self, DiffCommand.self, RecordCommand.self,
      VerifyCommand.self,
      CompareCommand.self, ExportCommand.self, ServeCommand.self, KeysCommand.self,
      AccountsCommand.self,
      CreditsCommand.self, BackupCommand.self, RestoreCommand.self,
    ])

  /// Runs the command that the arguments name; it writes over nothing that it reads.
  static func main() async {
    InputFiles.startRecording()
    // File names need not be UTF-8, which `CommandLine.arguments` would mend.
    let arguments = (1..<max(Int(CommandLine.argc), 1)).compactMap { index in
      CommandLine.unsafeArgv[index].map { PathText.text(of: $0) }
    }
    await main(arguments)
  }

  /// What a build without the server says of it.
  private static var serverNote: String {
    #if Server
    return ""
    #else
    return
      "\nThis build has no server: serve, keys, accounts, credits, backup and restore need the "
      + "package trait Server."
    #endif
  }
}
