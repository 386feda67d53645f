#if AVX512
/// The widest vector of the instruction set that this module is compiled for.
typealias Vector = SIMD16<Float>
/// The bit patterns of a `Vector`.
typealias VectorBits = SIMD16<Int32>
#elseif AVX2
typealias Vector = SIMD8<Float>
typealias VectorBits = SIMD8<Int32>
#else
typealias Vector = SIMD4<Float>
typealias VectorBits = SIMD4<Int32>
#endif

@_transparent
func load(_ source: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(source).loadUnaligned(as: Vector.self)
}

@_transparent
func store(_ value: Vector, _ target: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(target).storeBytes(of: value, as: Vector.self)
}

/// Returns `sum + a · b`, fused where the instruction set can: without, as on x86-64 below AVX2,
/// `addingProduct` would call the C library once a lane.
@_transparent
func multiplyAdd(_ sum: Vector, _ a: Vector, _ b: Vector) -> Vector {
  #if AVX512 || AVX2 || arch(arm64)
  sum.addingProduct(a, b)
  #else
  sum + a * b
  #endif
}

/// Loads the first `count` lanes, fewer than a vector has, and zeros.
@_transparent
func load(_ source: UnsafePointer<Float>, count: Int) -> Vector {
  var value = Vector.zero
  var lane = 0
  while lane < count {
    value[lane] = source[lane]
    lane &+= 1
  }
  return value
}

/// Stores the first `count` lanes, fewer than a vector has.
@_transparent
func store(_ value: Vector, _ target: UnsafeMutablePointer<Float>, count: Int) {
  var lane = 0
  while lane < count {
    target[lane] = value[lane]
    lane &+= 1
  }
}

/// Returns the greater of each pair of lanes; a NaN in `b` gives `a`.
@_transparent
func greater(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: b .> a) }
