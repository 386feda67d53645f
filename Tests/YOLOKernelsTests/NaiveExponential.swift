#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Returns eˣ.
func naiveExponential(_ x: Double) -> Double { exp(x) }
