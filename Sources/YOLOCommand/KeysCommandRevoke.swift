#if Server
import ArgumentParser
import YOLOServer

/// `yolo keys revoke`: ends a key for ever.
struct KeysCommandRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revokes a key for ever; running servers refuse it within two seconds.")

  @Argument(help: "The number of the key, as yolo keys list has it.")
  var id: Int

  @OptionGroup var location: KeysCommandDatabase

  func run() async throws {
    do {
      let record = try await location.open(creates: false).revoke(id: id)
      StandardError.write("Key \(record.id), \"\(record.name)\", is revoked.\n")
    } catch let code as ExitCode {
      throw code
    } catch {
      throw ExitStatus.report(error)
    }
  }
}
#endif
