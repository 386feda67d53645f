#if BLAS
import YOLOSystem

/// OpenBLAS, opened when it is first used.
///
/// Its constructor starts a thread a processor, and those spin for a while: a process that does
/// not use the backend `blas` must not pay for it by linking the library.
package struct OpenBLAS: Sendable {
  /// `cblas_sgemm` with 32-bit integers: layout, transpositions, sizes, factor, both
  /// matrices, factor of the result, the result; each matrix with its row stride.
  private typealias MatrixProductFunction =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32,
      UnsafePointer<Float>, Int32, Float, UnsafeMutablePointer<Float>, Int32
    ) -> Void
  private typealias SetThreadsFunction = @convention(c) (Int32) -> Void

  /// The names that the library goes by; the first is that of its binary interface.
  private static let names = ["libopenblas.so.0", "libopenblas.so"]

  /// The library; nil where it is not installed.
  package static let shared = OpenBLAS()

  private let product: MatrixProductFunction

  private init?() {
    let opened = Self.names.lazy.compactMap { dlopen($0, RTLD_NOW | RTLD_LOCAL) }.first
    guard let library = opened, let product = dlsym(library, "cblas_sgemm"),
      let setThreads = dlsym(library, "openblas_set_num_threads")
    else { return nil }
    // SAFETY: the types are those of the functions in cblas.h; the library is never closed.
    self.product = unsafeBitCast(product, to: MatrixProductFunction.self)
    // Dispatch splits the work; OpenBLAS must not split it again.
    unsafeBitCast(setThreads, to: SetThreadsFunction.self)(1)
  }

  /// Writes the product of a `rows` × `depth` and a `depth` × `columns` matrix, both row by row
  /// without gaps, into rows that lie `stride` values apart.
  func multiply(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, rows: Int, columns: Int,
    depth: Int, into target: UnsafeMutablePointer<Float>, stride: Int
  ) {
    // CblasRowMajor, and CblasNoTrans twice.
    product(
      101, 111, 111, Int32(rows), Int32(columns), Int32(depth), 1, first, Int32(depth), second,
      Int32(columns), 0, target, Int32(stride))
  }
}
#endif
