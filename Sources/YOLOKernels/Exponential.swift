#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Returns eˣ, as the C library computes it.
func exponential(_ x: Double) -> Double { exp(x) }
