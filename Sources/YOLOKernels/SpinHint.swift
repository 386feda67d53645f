#if arch(x86_64)
// The compiler's intrinsic, by the name that `Synchronization` calls it by; it has no import.
@_silgen_name("llvm.x86.sse2.pause")
private func pauseInstruction()
#endif

/// Returns the processor that this thread waits for a value in memory to change.
@inline(__always)
func spinHint() {
  #if arch(x86_64)
  pauseInstruction()
  #endif
}
