public import YOLOGeometry
import YOLOSystem

/// The directory of a run, where a training writes its files.
public struct RunDirectory: Sendable, Hashable {
  /// Why a directory cannot be made or written.
  public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The path.
    public let path: String
    /// What is wrong, as a clause.
    public let reason: String
    /// One sentence for a person.
    public var description: String { "\(path): \(reason)." }

    init(_ error: FileError) {
      path = error.path.sanitized()
      reason = error.message
    }

    init(path: String, reason: String) {
      self.path = path.sanitized()
      self.reason = reason
    }
  }

  /// The path, absolute.
  public let path: String

  /// The directory of the checkpoints.
  public var weights: String { "\(path)/weights" }
  /// The checkpoint of the last epoch.
  public var last: String { "\(weights)/last.pt" }
  /// The checkpoint of the best epoch.
  public var best: String { "\(weights)/best.pt" }
  /// The arguments of the run.
  public var arguments: String { "\(path)/args.yaml" }
  /// The table of the epochs.
  public var results: String { "\(path)/results.csv" }

  /// Uses a directory that is there, that of a run which is resumed.
  public init(existing path: String) { self.path = path }

  /// Creates the directory of a new run, and that of its checkpoints.
  ///
  /// It is `runs/TASK/NAME` below the working directory. A relative project comes between task and
  /// name, an absolute one takes the place of what is before the name. If the directory is there
  /// already the name is followed by `-2`, `-3` and so on; two runs that start at once get
  /// directories of their own.
  ///
  /// - Parameters:
  ///   - task: The task.
  ///   - project: The project; nil for none.
  ///   - name: The name of the run; nil for `train`.
  ///   - existOK: Whether a directory that is there is used.
  ///   - root: Where `runs` lies; nil for the working directory.
  /// - Throws: The reason why the directory cannot be made.
  public init(
    task: VisionTask, project: String?, name: String?, existOK: Bool, root: String? = nil
  ) throws(Failure) {
    let name = name ?? "train"
    let base: String
    if let root { base = root } else { base = try Self.workingDirectory() }
    let project = FilePath.joined("runs/\(task.rawValue)", project ?? ".")
    let wanted = FilePath.joined(base, FilePath.joined(project, name))
    let trimmed = Self.simplified(wanted)
    do throws(FileError) {
      let parent = FilePath.directory(of: trimmed)
      if !parent.isEmpty { try FileSystem.makeDirectories(parent) }
      path = existOK ? trimmed : try Self.makeNew(trimmed)
      try FileSystem.makeDirectories(path)
      try FileSystem.makeDirectories("\(path)/weights")
    } catch {
      throw Failure(error)
    }
    guard access(path.pathCharacters, W_OK | X_OK) == 0 else {
      throw Failure(path: path, reason: SystemMessage.last)
    }
  }

  /// Creates the first directory of a name that there is not yet.
  private static func makeNew(_ path: String) throws(FileError) -> String {
    var number = 1
    while true {
      let candidate = number == 1 ? path : "\(path)-\(number)"
      do throws(FileError) {
        try FileSystem.makeDirectory(candidate)
        return candidate
      } catch {
        guard error.reason == .system(EEXIST), number < 1_000_000 else { throw error }
      }
      number += 1
    }
  }

  /// Returns the absolute path of the working directory.
  static func workingDirectory() throws(Failure) -> String {
    guard let buffer = getcwd(nil, 0) else {
      throw Failure(path: ".", reason: SystemMessage.last)
    }
    defer { free(buffer) }
    return String(cString: buffer)
  }

  /// Removes `.` and empty parts; `..` stays, for what it leads to depends on links.
  private static func simplified(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  /// Writes a file of the run as a whole: after a crash there is the old file or the new one.
  public func write(_ text: String, to name: String) throws(Failure) {
    do throws(FileError) {
      // `args.yaml` may have been read, as `cfg` or by a training that goes on.
      try AtomicFile.write(Array(text.utf8), to: "\(path)/\(name)", rewrites: true)
    } catch {
      throw Failure(error)
    }
  }
}
