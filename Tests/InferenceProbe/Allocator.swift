// The C library's allocator under the names by which every library of this process calls it: the
// dynamic linker looks in the program first. This file imports no C module, whose declarations of
// these functions would be others. `malloc` and `free` get their names from the linker (see
// Package.swift): the compiler keeps them for itself.

@_silgen_name("__libc_malloc")
private func libraryMalloc(_ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_calloc")
private func libraryCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_realloc")
private func libraryRealloc(
  _ block: UnsafeMutableRawPointer?, _ size: Int
) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_memalign")
private func libraryAlign(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_free")
private func libraryFree(_ block: UnsafeMutableRawPointer?)
@_silgen_name("mmap64")
private func libraryMap(
  _ address: UnsafeMutableRawPointer?, _ size: Int, _ protection: Int32, _ flags: Int32,
  _ file: Int32, _ offset: Int
) -> UnsafeMutableRawPointer?

/// `malloc`, counted.
@_cdecl("countedMalloc")
public func countedMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
  Counter.count(.allocations)
  return libraryMalloc(size)
}

/// `calloc`, counted.
@_cdecl("calloc")
public func countedCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  Counter.count(.allocations)
  return libraryCalloc(count, size)
}

/// `realloc`, counted.
@_cdecl("realloc")
public func countedRealloc(
  _ block: UnsafeMutableRawPointer?, _ size: Int
) -> UnsafeMutableRawPointer? {
  Counter.count(.allocations)
  if block != nil { Counter.count(.frees) }
  return libraryRealloc(block, size)
}

/// `memalign`, counted.
@_cdecl("memalign")
public func countedAlign(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  Counter.count(.allocations)
  return libraryAlign(alignment, size)
}

/// `aligned_alloc`, counted.
@_cdecl("aligned_alloc")
public func countedAlignedAllocation(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  Counter.count(.allocations)
  return libraryAlign(alignment, size)
}

/// `posix_memalign`, counted.
@_cdecl("posix_memalign")
public func countedPosixAlign(
  _ block: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int
) -> Int32 {
  Counter.count(.allocations)
  guard let memory = libraryAlign(alignment, size) else { return 12 }
  block.pointee = memory
  return 0
}

/// `free`, counted.
@_cdecl("countedFree")
public func countedFree(_ block: UnsafeMutableRawPointer?) {
  if block != nil { Counter.count(.frees) }
  libraryFree(block)
}

/// `mmap`, counted.
@_cdecl("mmap")
public func countedMap(
  _ address: UnsafeMutableRawPointer?, _ size: Int, _ protection: Int32, _ flags: Int32,
  _ file: Int32, _ offset: Int
) -> UnsafeMutableRawPointer? {
  Counter.count(.mappings)
  return libraryMap(address, size, protection, flags, file, offset)
}
