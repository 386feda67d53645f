import ArgumentParser

/// A command that needs the server, which only a build with the package trait Server has.
///
/// Its options and its help are part of every build.
protocol ServerCommand: AsyncParsableCommand {
  #if Server
  /// Runs the command; what it throws is printed, and ends in the exit code of ``ExitStatus``.
  func perform() async throws
  #endif
}

extension ServerCommand {
  func run() async throws {
    #if Server
    try await reporting {
      try await perform()
    }
    #else
    throw ExitStatus.report(MissingServerError())
    #endif
  }
}

#if !Server
/// The error of a ``ServerCommand`` in a build without the server.
struct MissingServerError: Error, CustomStringConvertible {
  var description: String {
    "this build has no server; serve, keys, accounts, credits, backup and restore need a build "
      + "with the package trait Server"
  }
}
#endif
