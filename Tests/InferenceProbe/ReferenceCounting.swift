import Glibc

/// The runtime's reference counting and object allocation, which it calls through pointers that may
/// be replaced: `_swift_retain` and its like.
enum ReferenceCounting {
  private typealias Retain = @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  private typealias Release = @convention(c) (UnsafeMutableRawPointer?) -> Void
  private typealias RetainMany =
    @convention(c) (UnsafeMutableRawPointer?, UInt32) -> UnsafeMutableRawPointer?
  private typealias ReleaseMany = @convention(c) (UnsafeMutableRawPointer?, UInt32) -> Void
  private typealias Allocate =
    @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?

  nonisolated(unsafe) private static var retain: Slot<Retain>?
  nonisolated(unsafe) private static var release: Slot<Release>?
  nonisolated(unsafe) private static var retainMany: Slot<RetainMany>?
  nonisolated(unsafe) private static var releaseMany: Slot<ReleaseMany>?
  nonisolated(unsafe) private static var allocate: Slot<Allocate>?
  nonisolated(unsafe) private static var enabling: UnsafeMutableRawPointer?

  /// One of the runtime's pointers, and the function that it holds at first.
  private struct Slot<Function> {
    let position: UnsafeMutablePointer<Function>
    let original: Function

    init?(_ name: String) {
      guard let symbol = dlsym(nil, name) else { return nil }
      // SAFETY: the runtime's variables hold functions of these types (swift/Runtime/HeapObject.h).
      position = symbol.assumingMemoryBound(to: Function.self)
      original = position.pointee
    }
  }

  /// Finds the runtime's pointers; false where this runtime has none.
  static func prepare() -> Bool {
    retain = Slot("_swift_retain")
    release = Slot("_swift_release")
    retainMany = Slot("_swift_retain_n")
    releaseMany = Slot("_swift_release_n")
    allocate = Slot("_swift_allocObject")
    // Newer runtimes look at the pointers only if this says so; older ones have no such variable.
    enabling = dlsym(
      nil, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly")
    return retain != nil && release != nil && retainMany != nil && releaseMany != nil
      && allocate != nil
  }

  /// Puts counting functions before the runtime's own.
  ///
  /// Not for long: in that state, Swift 6.3.1 on Linux takes a short string for an object.
  static func intercept() {
    // A null object (the context of a function that captures nothing) costs no more than the call.
    retain?.position.pointee = { object in
      if object != nil { Counter.count(.retains) }
      return ReferenceCounting.retain?.original(object)
    }
    release?.position.pointee = { object in
      if object != nil { Counter.count(.releases) }
      ReferenceCounting.release?.original(object)
    }
    retainMany?.position.pointee = { object, count in
      if object != nil { Counter.count(.retains) }
      return ReferenceCounting.retainMany?.original(object, count)
    }
    releaseMany?.position.pointee = { object, count in
      if object != nil { Counter.count(.releases) }
      ReferenceCounting.releaseMany?.original(object, count)
    }
    allocate?.position.pointee = { metadata, size, alignment in
      Counter.count(.objects)
      return ReferenceCounting.allocate?.original(metadata, size, alignment)
    }
    enabling?.storeBytes(of: 1, as: UInt8.self)
  }

  /// Returns the runtime its own functions back.
  static func restore() {
    if let retain { retain.position.pointee = retain.original }
    if let release { release.position.pointee = release.original }
    if let retainMany { retainMany.position.pointee = retainMany.original }
    if let releaseMany { releaseMany.position.pointee = releaseMany.original }
    if let allocate { allocate.position.pointee = allocate.original }
    enabling?.storeBytes(of: 0, as: UInt8.self)
  }
}
