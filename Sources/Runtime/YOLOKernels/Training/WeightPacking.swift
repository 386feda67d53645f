package import YOLOTensor

/// Weights that are packed anew, block by block, before a step of training reads them.
protocol RepackedWeights: AnyObject, Sendable {
  /// The blocks.
  var blockCount: Int { get }
  /// The packed values.
  var valueCount: Int { get }

  /// Packs a block of weights in an order, and a bias, zeros if nil.
  func repack(
    block: Int, _ weights: UnsafePointer<Float>, _ order: WeightOrder,
    bias: UnsafePointer<Float>?)
}

extension PackedConvolution: RepackedWeights {
  var blockCount: Int { blocks.count }
  var valueCount: Int { count }

  @inline(never)
  func repack(
    block: Int, _ weights: UnsafePointer<Float>, _ order: WeightOrder,
    bias: UnsafePointer<Float>?
  ) {
    pack(block: block, weights, order, bias: bias)
  }
}

extension PackedWinograd: RepackedWeights {
  var blockCount: Int { blocks.count }
  var valueCount: Int { count }

  /// The bias stays as it is.
  @inline(never)
  func repack(
    block: Int, _ weights: UnsafePointer<Float>, _ order: WeightOrder,
    bias: UnsafePointer<Float>?
  ) {
    pack(block: block, weights, order)
  }
}

extension PackedDepthwise: RepackedWeights {
  var blockCount: Int { 1 }
  var valueCount: Int { (taps + 1) * step }

  @inline(never)
  func repack(
    block: Int, _ weights: UnsafePointer<Float>, _ order: WeightOrder,
    bias: UnsafePointer<Float>?
  ) {
    pack(weights, bias: bias, isFlipped: order.isFlipped)
  }
}

extension PackedTransposedConvolution: RepackedWeights {
  var valueCount: Int { phases.reduce(0) { $0 + $1.weights.count } }

  /// The weights lie as those of the window that they were packed for at first.
  @inline(never)
  func repack(
    block: Int, _ weights: UnsafePointer<Float>, _ order: WeightOrder,
    bias: UnsafePointer<Float>?
  ) {
    pack(block: block, weights, bias: bias)
  }
}

/// Packs a convolution's weights anew, before a step of training reads them.
struct WeightPacking<Packed: RepackedWeights>: StepKernel {
  let name = "pack"
  let items: Int
  let scratchBytes = 0

  private let packed: Packed
  private let order: WeightOrder
  private let weights: Region<Float>
  private let bias: Region<Float>?
  private let blockItems: RowItems

  init(
    _ weights: Region<Float>, _ order: WeightOrder, bias: Region<Float>?, to packed: Packed
  ) {
    self.weights = weights
    self.order = order
    self.bias = bias
    self.packed = packed
    blockItems = RowItems(rows: packed.blockCount, count: 1 + packed.valueCount / (16 << 10))
    items = blockItems.count
  }

  func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    for block in blockItems[item] {
      packed.repack(block: block, weights.base, order, bias: bias?.base)
    }
  }
}

/// Returns the step that packs weights in an order, and a bias, zeros if nil; a Winograd form keeps its
/// bias.
package func packing(
  _ weights: Region<Float>, _ order: WeightOrder, bias: Region<Float>?,
  to packed: PackedConvolution
) -> any StepKernel {
  WeightPacking(weights, order, bias: bias, to: packed)
}

/// Returns the step that transforms and packs weights in an order.
package func packing(
  _ weights: Region<Float>, _ order: WeightOrder, to packed: PackedWinograd
) -> any StepKernel {
  WeightPacking(weights, order, bias: nil, to: packed)
}

/// Returns the step that packs the weights of a depthwise convolution, and a bias, zeros if nil.
package func packing(
  _ weights: Region<Float>, _ order: WeightOrder, bias: Region<Float>?,
  to packed: PackedDepthwise
) -> any StepKernel {
  WeightPacking(weights, order, bias: bias, to: packed)
}

/// Returns the step that packs the weights of a transposed convolution, and a bias, zeros if nil.
package func packing(
  _ weights: Region<Float>, bias: Region<Float>?, to packed: PackedTransposedConvolution
) -> any StepKernel {
  WeightPacking(
    weights, WeightOrder(inputsOfGroup: 1, taps: 1), bias: bias, to: packed)
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
