#if Server
import CDispatch  // Which C module defines `stat` depends on which module is loaded first.
import Synchronization
import YOLOSystem

/// A model's file that is an object of the platform, not one of the directory.
package struct ModelObject: Sendable, Hashable {
  /// What logs, metrics and limits call all of them.
  static let name = "platform"

  /// Where the bytes are.
  package let path: String
  /// The SHA-256 of the bytes in hexadecimal digits.
  package let digest: String
  /// What answers call the file.
  package let title: String

  /// Names an object.
  package init(path: String, digest: String, title: String) {
    self.path = path
    self.digest = digest
    self.title = title
  }

  /// The key of the table; no file of a directory has such a name.
  fileprivate var key: String { "object/\(digest)" }
}

extension ModelStore {
  /// The maximum number of objects that are known without being in memory.
  private static let objectLimit = 4096

  /// Acquires a model whose file is an object of the platform, which is loaded first if it is not in
  /// memory; the memory of all models together is one budget.
  ///
  /// - Returns: The lease; the model stays in memory as long as it lives.
  /// - Throws: 503 if it cannot be loaded: its file is damaged, or there is no memory for it.
  package func lease(_ object: ModelObject) async throws(APIError) -> ModelLease {
    var status = stat()
    guard stat(object.path, &status) == 0 else {
      throw .unavailable("The file of this model cannot be read.")
    }
    let signature = FileSignature(status)
    let lease = table.withLock { table in
      // What is there of an object never changes; a fault may have been one of memory.
      if table.entries[object.key]?.served == nil {
        table.removeIdleObjects(beyond: Self.objectLimit)
        table.entries[object.key] = ModelTable.Entry(
          signature: signature, served: signature, object: object)
      }
      table.entries[object.key]?.object = object
      return self.lease(object.key, in: &table)
    }
    if let lease { return lease }
    return try await load(object.key)
  }
}

extension ModelTable {
  /// Forgets objects that are not in memory if there are more than a number of them.
  fileprivate mutating func removeIdleObjects(beyond limit: Int) {
    let objects = entries.filter { $0.value.object != nil }
    guard objects.count >= limit else { return }
    let idle = objects.filter { _, entry in
      entry.served.flatMap { versions[$0]?.model } == nil
    }
    _ = remove(Array(idle.keys))
  }
}
#endif
