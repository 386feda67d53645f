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
    for block in blocks { pack(block, weights) }
  }

  /// Where a block's weights begin in the storage.
  func start(of block: ChannelBlock) -> Int { form.planes * inputChannels * block.first }

  /// The channels that are transformed side by side.
  private typealias Channels = SIMD4<Double>

  private func pack(_ block: ChannelBlock, _ weights: UnsafePointer<Float>) {
    let transform = form.kernelTransform.flatMap { $0.map { Channels(repeating: $0) } }
    let side = form.inputTile
    let blockWidth = block.vectors * lanes
    let target = storage.floats + start(of: block)
    let planeStep = inputChannels * blockWidth
    let step = Channels.scalarCount
    // SAFETY: a block has planeStep values in each plane from `target` on.
    withUnsafeTemporaryAllocation(of: Channels.self, capacity: 9 + 3 * side) { buffer in
      transform.withUnsafeBufferPointer { transform in
        guard let taps = buffer.baseAddress, let g = transform.baseAddress else { return }
        let rows = taps + 9
        for input in 0..<inputChannels {
          for first in stride(from: 0, to: blockWidth, by: step) {
            let present = min(step, block.channels - first)
            guard present > 0 else { break }
            taps.update(repeating: .zero, count: 9)
            for lane in 0..<present {
              let kernel = weights + ((block.first + first + lane) * inputChannels + input) * 9
              for tap in 0..<9 { taps[tap][lane] = Double(kernel[tap]) }
            }
            for row in 0..<side {
              let (g0, g1, g2) = (g[3 * row], g[3 * row + 1], g[3 * row + 2])
              for tap in 0..<3 {
                rows[3 * row + tap] = g0 * taps[tap] + g1 * taps[3 + tap] + g2 * taps[6 + tap]
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
