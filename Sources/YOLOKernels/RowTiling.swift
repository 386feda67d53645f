import KernelInterface

/// An even split of a row of pixels into tiles of at most two widths that differ by one.
final class RowTiling: Sendable {
  let count: Int
  let narrowRows: Int
  let narrow: ConvolutionTileFunction
  let wide: ConvolutionTileFunction

  init(width: Int, vectors: Int, kernels: KernelSet) {
    let most = kernels.maximumRows[vectors - 1]
    count = (width + most - 1) / most
    narrowRows = width / count
    guard let narrow = kernels.convolutionTile(vectors, narrowRows),
      let wide = kernels.convolutionTile(vectors, min(narrowRows + 1, most))
    else { preconditionFailure("every tile up to \(most) rows is compiled") }
    self.narrow = narrow
    self.wide = wide
  }
}
