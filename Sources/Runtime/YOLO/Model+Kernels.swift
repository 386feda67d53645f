public import YOLOGeometry
public import YOLOGraph
import YOLOImage
public import YOLOOptions

extension Model {
  /// Measures the native kernels that can compute each convolution of the network, one thread each.
  ///
  /// - Parameters:
  ///   - size: The size of an image, fitted as for a prediction.
  ///   - options: The input size.
  ///   - runs: The measured runs of each kernel.
  /// - Returns: A ranking for each shape of convolution, in the order of the network.
  /// - Throws: As `predictBlocking(_:options:source:threads:)`.
  public func kernelRankings(
    for size: Size, options: PredictOptions = .standard, runs: Int
  ) throws(YOLOError) -> [KernelRanking] {
    let size = fit(for: size, options: options).size
    do {
      return try plans.kernelRankings(height: size.height, width: size.width, runs: runs)
    } catch {
      throw YOLOError(error)
    }
  }
}
