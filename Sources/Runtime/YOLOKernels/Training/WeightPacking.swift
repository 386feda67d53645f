package import YOLOTensor

/// Packs a convolution's weights anew, before a step of training reads them.
package struct WeightPacking: StepKernel {
  /// What is packed.
  package enum Target: Sendable {
    /// For register tiles.
    case tiles(PackedConvolution)
    /// For a Winograd form.
    case winograd(PackedWinograd)
    /// For a depthwise convolution.
    case depthwise(PackedDepthwise)
    /// For a transposed convolution with a window.
    case transposed(PackedTransposedConvolution, Window)
  }

  package let name = "pack"
  package let items: Int
  package let scratchBytes = 0

  private let target: Target
  private let order: WeightOrder
  private let weights: Region<Float>
  private let bias: Region<Float>?
  private let blocks: Int
  private let blockItems: RowItems

  /// Binds weights in an order, and a bias, zeros if nil, to where they are packed; a Winograd form has
  /// no bias here.
  package init(
    _ weights: Region<Float>, _ order: WeightOrder, bias: Region<Float>?, to target: Target
  ) {
    self.weights = weights
    self.order = order
    self.bias = bias
    self.target = target
    var values = 0
    switch target {
    case .tiles(let packed):
      blocks = packed.blocks.count
      values = packed.count
    case .winograd(let packed):
      precondition(bias == nil)
      blocks = packed.blocks.count
      values = packed.count
    case .depthwise: blocks = 1
    case .transposed(let packed, _): blocks = packed.blockCount
    }
    blockItems = RowItems(rows: blocks, count: 1 + values / (16 << 10))
    items = blockItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    for block in blockItems[item] {
      switch target {
      case .tiles(let packed):
        packed.pack(block: block, weights.base, order, bias: bias?.base)
      case .winograd(let packed): packed.pack(block: block, weights.base, order)
      case .depthwise(let packed):
        packed.pack(weights.base, bias: bias?.base, isFlipped: order.isFlipped)
      case .transposed(let packed, let window):
        packed.pack(block: block, weights.base, bias: bias?.base, window: window)
      }
    }
  }
}

/// Several steps whose items may run in any order and at the same time: none reads what another
/// writes.
package struct StepGroup: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes: Int

  private let kernels: [any StepKernel]
  private let ends: UnmanagedArray<Int>

  /// Joins steps.
  package init(_ kernels: [any StepKernel]) {
    self.kernels = kernels
    name = kernels.map(\.name).joined(separator: " + ")
    var end = 0
    ends = UnmanagedArray(
      kernels.map {
        end += $0.items
        return end
      })
    items = end
    scratchBytes = kernels.map(\.scratchBytes).max() ?? 0
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    var index = 0
    while item >= ends.base[index] { index += 1 }
    let first = index == 0 ? 0 : ends.base[index - 1]
    kernels[index].run(item: item - first, arena: arena, scratch: scratch)
  }
}
