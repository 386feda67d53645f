package import YOLOTensor

/// The weights of a 3×3 convolution in the transform domain of a Winograd form.
///
/// The output channels are cut into blocks. A block holds plane by plane, and in a plane input
/// channel by input channel, the weights of its channels side by side: the order in which they are
/// read.
package final class PackedWinograd: Sendable {
  let form: WinogradForm
  let blocks: [ChannelBlock]
  /// The instruction set whose vectors the blocks are made of.
  package let instructionSet: InstructionSet
  let lanes: Int
  let outputChannels: Int
  let inputChannels: Int
  let storage: AlignedStorage
  /// The bias, with zeros up to whole vectors.
  let bias: AlignedStorage
  /// What products start from: as many zeros as the widest block has lanes.
  let zeros: AlignedStorage
  /// The packed weights.
  var count: Int { storage.byteCount / MemoryLayout<Float>.stride }
  /// The memory of the weights in bytes.
  package var byteCount: Int { storage.byteCount + bias.byteCount + zeros.byteCount }

  /// The bytes that packed weights take.
  package static func byteCount(
    form: WinogradForm, outputChannels: Int, inputChannels: Int, lanes: Int
  ) -> Int {
    let width = (outputChannels + lanes - 1) / lanes * lanes
    return form.planes * width * inputChannels * MemoryLayout<Float>.stride
  }

  /// Transforms and packs weights [output, input, 3, 3] and a bias for an instruction set.
  package init(
    _ form: WinogradForm, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    outputChannels: Int, inputChannels: Int, instructionSet: InstructionSet,
    pool: StoragePool? = nil
  ) {
    let lanes = instructionSet.lanes
    let width = (outputChannels + lanes - 1) / lanes * lanes
    self.form = form
    self.instructionSet = instructionSet
    self.lanes = lanes
    self.outputChannels = outputChannels
    self.inputChannels = inputChannels
    blocks = ChannelBlock.split(outputChannels, lanes: lanes)
    storage = AlignedStorage.floats(form.planes * width * inputChannels, in: pool)
    zeros = AlignedStorage.floats(3 * lanes, in: pool)
    self.bias = AlignedStorage.floats(width, in: pool)
    self.bias.floats.update(from: bias, count: outputChannels)
    let order = WeightOrder(inputsOfGroup: inputChannels, taps: 9)
    for block in blocks.indices { pack(block: block, weights, order) }
  }

  /// Where a block's weights begin in the storage.
  func start(of block: ChannelBlock) -> Int { form.planes * inputChannels * block.first }

  /// The channels that are transformed side by side.
  private typealias Channels = SIMD4<Double>

  /// The weights of four channels at a tap, zero for those that `mask` leaves out.
  @inline(__always)
  private static func channels(
    _ kernels:
      (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>),
    _ tap: Int, _ mask: SIMDMask<SIMD4<Int32>>
  ) -> Channels {
    let values = SIMD4<Float>(
      kernels.0[tap], kernels.1[tap], kernels.2[tap], kernels.3[tap])
    return Channels(values.replacing(with: 0, where: .!mask))
  }

  /// Transforms and packs the weights of a block.
  ///
  /// Training calls this again for new weights, when nothing reads the old ones.
  func pack(block index: Int, _ weights: UnsafePointer<Float>, _ order: WeightOrder) {
    let block = blocks[index]
    let transform = form.kernelTransform.flatMap { $0.map { Channels(repeating: $0) } }
    let side = form.inputTile
    let blockWidth = block.vectors * lanes
    let target = storage.floats + start(of: block)
    let planeStep = inputChannels * blockWidth
    let step = Channels.scalarCount
    // SAFETY: a block has planeStep values in each plane from `target` on.
    withUnsafeTemporaryAllocation(of: Channels.self, capacity: 3 * side) { buffer in
      transform.withUnsafeBufferPointer { transform in
        guard let rows = buffer.baseAddress, let g = transform.baseAddress else { return }
        for input in 0..<inputChannels {
          for first in stride(from: 0, to: blockWidth, by: step) {
            let present = min(step, block.channels - first)
            guard present > 0 else { break }
            // Channels that are not there repeat the last one, and are cleared below.
            let kernel =
              weights
              + (order.start(output: block.first + first, firstInput: 0) + input * order.inputStep)
            let kernelStep = order.outputStep
            let kernels = (
              kernel, kernel + min(1, present - 1) * kernelStep,
              kernel + min(2, present - 1) * kernelStep, kernel + (present - 1) * kernelStep
            )
            let mask = SIMD4<Int32>(0, 1, 2, 3) .< Int32(present)
            for tap in 0..<3 {
              let (at, step) = order.isFlipped ? (8 - tap, -3) : (tap, 3)
              let taps = (
                Self.channels(kernels, at, mask), Self.channels(kernels, at + step, mask),
                Self.channels(kernels, at + 2 * step, mask)
              )
              for row in 0..<side {
                rows[3 * row + tap] =
                  g[3 * row] * taps.0 + g[3 * row + 1] * taps.1 + g[3 * row + 2] * taps.2
              }
            }
            var to = target + (input * blockWidth + first)
            for row in 0..<side {
              let (r0, r1, r2) = (rows[3 * row], rows[3 * row + 1], rows[3 * row + 2])
              for column in 0..<side {
                let value =
                  g[3 * column] * r0 + g[3 * column + 1] * r1 + g[3 * column + 2] * r2
                UnsafeMutableRawPointer(to)
                  .storeBytes(of: SIMD4<Float>(value), as: SIMD4<Float>.self)
                to += planeStep
              }
            }
          }
        }
      }
    }
  }
}
