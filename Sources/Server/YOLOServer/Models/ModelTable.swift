#if Server
import YOLO

/// Which files there are, by which names requests reach them, and what of them is in memory.
///
/// A value without files or threads: ``ModelStore`` changes it under a lock.
struct ModelTable {
  /// A file of the directory.
  struct Entry {
    /// The state of the file that was last seen.
    var signature: FileSignature
    /// Whether the file is to be tried at the next look although it did not change.
    var isPending = false
    /// The version that requests get, or nil if there is no sound one.
    var served: FileSignature?
    /// What is wrong with the state that was last seen.
    var fault: String?
    /// Where the file is, and what it is called, if it is an object of the platform.
    var object: ModelObject?
  }

  /// A version of a model, that of one state of one file.
  struct Version {
    /// What it is.
    let description: ModelDescription
    /// The model if it is in memory.
    var model: Model?
    /// The memory that it takes, or took when it was last in memory; 0 if it never was.
    var bytes = 0
    /// The memory that it took just after it was loaded; 0 if it never was.
    var minimumBytes = 0
    /// The leases that have not ended.
    var leases = 0
    /// When a lease last began or ended, or it was loaded, in ticks of the table's clock.
    var lastUse: UInt64 = 0
  }

  /// The files by name.
  var entries: [String: Entry] = [:]
  /// The file of each name that requests may use.
  private(set) var names: [String: String] = [:]
  /// The versions that are served or leased.
  var versions: [FileSignature: Version] = [:]
  /// What happened.
  var counters = ModelCounters()
  /// Whether the directory was looked at.
  var isScanned = false
  private var clock: UInt64 = 0

  /// The memory of all models in bytes.
  var loadedBytes: Int {
    versions.values.reduce(0) { $0 + ($1.model == nil ? 0 : $1.bytes) }
  }

  /// The models in memory.
  var loadedCount: Int { versions.values.count { $0.model != nil } }

  /// The files of the directory, sorted.
  var files: [String] { entries.filter { $0.value.object == nil }.keys.sorted() }

  /// What answers call a file.
  func title(of file: String) -> String { entries[file]?.object?.title ?? file }

  /// Returns each file its names: its own, and its stem if no file before it has that.
  mutating func rename() {
    names = [:]
    let files = files
    for file in files { names[file] = file }
    for suffix in ModelDirectory.suffixes {
      for file in files where file.hasSuffix(suffix) {
        let stem = ModelDirectory.stem(of: file)
        if names[stem] == nil { names[stem] = file }
      }
    }
  }

  /// The shortest name of a file; all objects of the platform have one, so that metrics have no more
  /// names than there are files in the directory.
  func name(of file: String) -> String {
    guard entries[file]?.object == nil else { return ModelObject.name }
    let stem = ModelDirectory.stem(of: file)
    return names[stem] == file ? stem : file
  }

  /// Returns the file that a request means, or the only one if it names none.
  func file(for reference: ModelReference?) throws(APIError) -> String {
    if let reference {
      guard let file = names[reference.name] else {
        throw .notFound("There is no model \(reference.name).")
      }
      return file
    }
    let files = files
    guard let first = files.first else { throw .notFound("This server has no model.") }
    let signatures = files.compactMap { entries[$0].map { $0.served ?? $0.signature } }
    guard Set(signatures).count == 1 else {
      let shown = files.prefix(20).map { name(of: $0) }.joined(separator: ", ")
      let rest = files.count > 20 ? " and \(files.count - 20) more" : ""
      throw .invalidField(
        "model", expected: "one of: \(shown)\(rest)",
        "model is missing, and there are several: \(shown)\(rest)")
    }
    return first
  }

  /// Counts a lease of a file's version that is in memory; nil if it is not.
  mutating func acquire(_ file: String) -> (signature: FileSignature, version: Version)? {
    guard let served = entries[file]?.served, versions[served]?.model != nil else { return nil }
    versions[served]?.leases += 1
    touch(served)
    return versions[served].map { (served, $0) }
  }

  /// Counts the end of a lease; returns the model if nobody else will ever want it.
  mutating func release(_ signature: FileSignature) -> Model? {
    versions[signature]?.leases -= 1
    touch(signature)
    measure(signature)
    return removeUnused([signature]).first
  }

  /// Creates a version the one that a file's requests get; returns a model that nobody wants any
  /// more.
  mutating func serve(_ file: String, _ signature: FileSignature) -> Model? {
    let former = entries[file]?.served
    if let former, former != signature { counters.replacements += 1 }
    entries[file] = Entry(
      signature: signature, served: signature, object: entries[file]?.object)
    return former.flatMap { removeUnused([$0]).first }
  }

  /// Notes that a file cannot be served as it is; what was served before goes on if it is in
  /// memory.
  ///
  /// - Returns: Whether something is served.
  mutating func fail(_ file: String, _ fault: ModelFault, signature: FileSignature?) -> Bool {
    guard var entry = entries[file] else { return false }
    if let signature { entry.signature = signature }
    entry.isPending = fault.isPassing
    entry.fault = fault.message
    let former = entry.served
    let isLoaded = former.flatMap { versions[$0]?.model } != nil
    if !isLoaded { entry.served = nil }
    entries[file] = entry
    if !isLoaded, let former { _ = removeUnused([former]) }
    if !fault.isPassing { counters.failures += 1 }
    return isLoaded
  }

  /// Forgets files; returns the models that nobody wants any more.
  mutating func remove(_ files: [String]) -> [Model] {
    let served = files.compactMap { entries.removeValue(forKey: $0)?.served }
    return removeUnused(Set(served))
  }

  /// Notes that a version is used now.
  mutating func touch(_ signature: FileSignature) {
    clock += 1
    versions[signature]?.lastUse = clock
  }

  /// Reads again how much memory a version takes.
  mutating func measure(_ signature: FileSignature) {
    guard let model = versions[signature]?.model else { return }
    versions[signature]?.bytes = model.memory
  }

  /// Versions that may be unloaded, the least recently used first.
  ///
  /// Not among them is what is leased, and what could not be loaded again because its file is no
  /// longer what it was.
  func unloadable(sparing spared: FileSignature?) -> [FileSignature] {
    let reloadable = Set(entries.values.compactMap { $0.served == $0.signature ? $0.served : nil })
    return versions.filter { signature, version in
      version.model != nil && version.leases == 0 && signature != spared
        && reloadable.contains(signature)
    }.sorted { $0.value.lastUse < $1.value.lastUse }.map(\.key)
  }

  /// Unloads the least recently used versions until the sum and `more` are at most `budget`.
  ///
  /// - Returns: What was unloaded, and whether that sufficed; nothing is unloaded if it cannot,
  ///   unless `isEager`.
  mutating func makeRoom(
    for more: Int, budget: Int, sparing spared: FileSignature? = nil, isEager: Bool = false
  ) -> (unloaded: [Model], suffices: Bool) {
    var excess = loadedBytes + more - budget
    guard excess > 0 else { return ([], true) }
    var chosen = [FileSignature]()
    for signature in unloadable(sparing: spared) where excess > 0 {
      chosen.append(signature)
      excess -= versions[signature]?.bytes ?? 0
    }
    guard excess <= 0 || isEager else { return ([], false) }
    counters.evictions += chosen.count
    return (chosen.compactMap { unload($0) }, excess <= 0)
  }

  /// Removes a version from memory; what it took stays known.
  mutating func unload(_ signature: FileSignature) -> Model? {
    defer { versions[signature]?.model = nil }
    return versions[signature]?.model
  }

  private mutating func removeUnused(_ signatures: Set<FileSignature>) -> [Model] {
    let served = Set(entries.values.compactMap(\.served))
    return signatures.compactMap { signature in
      guard !served.contains(signature), versions[signature]?.leases == 0 else { return nil }
      return versions.removeValue(forKey: signature)?.model
    }
  }
}
#endif
