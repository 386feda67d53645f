#if BLAS
import YOLOTensor

/// A grid of output pixels computed by im2col and a matrix product of OpenBLAS a group; where
/// every channel is convolved by itself, by plain loops.
struct MatrixProduct: Sendable {
  let grid: ConvolutionGrid

  /// The weights as `pack` lays them out.
  private let weights: UnsafeWeights
  private let epilogue: Epilogue
  private let library: OpenBLAS

  /// A part of a storage, kept alive.
  struct UnsafeWeights: Sendable {
    let storage: AlignedStorage
    let position: Int

    var base: UnsafeMutablePointer<Float> { storage.floats + position }
  }

  init(
    _ grid: ConvolutionGrid, weights: UnsafeWeights, activation: Activation, kernels: KernelSet
  ) {
    self.grid = grid
    self.weights = weights
    epilogue = Epilogue(activation, hasResidual: grid.residual != nil, kernels: kernels)
    guard let library = OpenBLAS.shared else {
      preconditionFailure("the backend blas was chosen without OpenBLAS")
    }
    self.library = library
  }

  /// Whether the grid's channels are each convolved by themselves.
  private var isDepthwise: Bool {
    ConvolutionShape.isDepthwise(
      inputChannels: grid.inputChannels, outputChannels: grid.outputChannels,
      groups: grid.groups)
  }

  /// Returns the values of scratch memory for a number of output rows.
  func scratchCount(rows: Int) -> Int {
    let depth = isDepthwise ? 0 : grid.taps.count * (grid.inputChannels / grid.groups)
    return rows * grid.columns * (depth + grid.outputChannels)
  }

  /// Returns the values that the weights take.
  static func packedCount(
    outputChannels: Int, inputChannels: Int, taps: Int, groups: Int
  ) -> Int {
    (taps * (inputChannels / groups) + 1) * outputChannels
  }

  /// Lays out weights [output, input / groups, taps] group by group as
  /// [taps · input / groups, output / groups] (those of a depthwise convolution as
  /// [taps, channels]), then the bias.
  static func pack(
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, outputChannels: Int,
    inputChannels: Int, taps: Int, groups: Int, into target: UnsafeMutablePointer<Float>
  ) {
    let groupInputs = inputChannels / groups
    let depth = taps * groupInputs
    let whole = ConvolutionShape.isDepthwise(
      inputChannels: inputChannels, outputChannels: outputChannels, groups: groups)
    let width = whole ? outputChannels : outputChannels / groups
    // SAFETY: exactly `packedCount` values are written.
    for channel in 0..<outputChannels {
      let first = channel / width * width * depth + channel % width
      for input in 0..<groupInputs {
        for tap in 0..<taps {
          target[first + (tap * groupInputs + input) * width] =
            weights[channel * depth + input * taps + tap]
        }
      }
      target[depth * outputChannels + channel] = bias[channel]
    }
  }

  /// Computes some rows.
  func run(
    rows: Range<Int>, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let groupInputs = grid.inputChannels / grid.groups
    let groupOutputs = grid.outputChannels / grid.groups
    let depth = grid.taps.count * groupInputs
    let pixels = rows.count * grid.columns
    let channels = grid.outputChannels
    let products = isDepthwise ? scratch : scratch + pixels * depth
    // SAFETY: the grid's pixels lie in the arena; the scratch holds the columns of a group, then
    // the products of all.
    if isDepthwise {
      sumByChannel(rows, arena, products)
    } else if depth == 0 {
      products.update(repeating: 0, count: pixels * channels)
    } else {
      for group in 0..<grid.groups {
        writeColumns(rows, arena + group * groupInputs, scratch)
        library.multiply(
          scratch, weights.base + group * depth * groupOutputs, rows: pixels,
          columns: groupOutputs, depth: depth, into: products + group * groupOutputs,
          stride: channels)
      }
    }
    let bias = weights.base + depth * channels
    var product = products
    for y in rows {
      for x in 0..<grid.columns {
        let target = arena + grid.output[y, x]
        for channel in 0..<channels { target[channel] = product[channel] + bias[channel] }
        product += channels
      }
      guard !epilogue.isEmpty else { continue }
      epilogue.run(
        arena + grid.output[y, 0], step: grid.output.columnStep,
        residual: grid.residual.map { UnsafePointer(arena + $0[y, 0]) },
        residualStep: grid.residual?.columnStep ?? 0, pixels: grid.columns, channels: channels)
    }
  }

  /// Writes what the taps of each output pixel read, one pixel after the other.
  private func writeColumns(
    _ rows: Range<Int>, _ arena: UnsafePointer<Float>, _ columns: UnsafeMutablePointer<Float>
  ) {
    let depth = grid.inputChannels / grid.groups
    var column = columns
    for y in rows {
      for x in 0..<grid.columns {
        let source = arena + grid.input[y, x]
        for index in 0..<grid.taps.count {
          let tap = grid.taps[index]
          column.update(from: source + tap, count: depth)
          column += depth
        }
      }
    }
  }

  /// Sums over the taps, each channel by itself.
  private func sumByChannel(
    _ rows: Range<Int>, _ arena: UnsafePointer<Float>, _ products: UnsafeMutablePointer<Float>
  ) {
    let channels = grid.outputChannels
    var product = products
    for y in rows {
      for x in 0..<grid.columns {
        let source = arena + grid.input[y, x]
        product.update(repeating: 0, count: channels)
        var weight = weights.base
        for index in 0..<grid.taps.count {
          let tap = grid.taps[index]
          for channel in 0..<channels {
            product[channel] += source[tap + channel] * weight[channel]
          }
          weight += channels
        }
        product += channels
      }
    }
  }
}
#endif
