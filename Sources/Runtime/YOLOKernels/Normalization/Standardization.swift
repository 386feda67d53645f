package import YOLOTensor

/// Over which values mean and variance are computed.
public enum StandardizationScope: Sendable, Hashable {
  /// Over the channels of each pixel by itself (Ba et al., "Layer normalization", 2016).
  case pixel
  /// Over all pixels, and the channels of each of some equal groups (Wu and He, "Group
  /// normalization", 2018).
  case groups(Int)
}

/// Brings values to mean 0 and variance 1: output = (input − mean) / √(variance + epsilon).
///
/// The variance is that of all values, not an estimate from a sample.
public struct Standardization: Sendable, Hashable {
  /// What mean and variance are of.
  public let scope: StandardizationScope
  /// The number that keeps the root from zero.
  public let epsilon: Float

  /// Creates a standardization.
  public init(_ scope: StandardizationScope, epsilon: Float) {
    if case .groups(let groups) = scope { precondition(groups > 0) }
    self.scope = scope
    self.epsilon = epsilon
  }
}

/// The step of a standardization; sums are of blocks of 64 values, then of these.
package struct StandardizationStep: StepKernel {
  package let name = "standardization"
  package let items: Int
  package let scratchBytes = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let form: Standardization
  private let rowItems: RowItems

  /// Binds a standardization; groups divide the channels.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, _ form: Standardization,
    threads: Int
  ) {
    precondition(input.height == output.height && input.width == output.width)
    precondition(input.channels == output.channels)
    self.input = input
    self.output = output
    self.form = form
    switch form.scope {
    case .pixel:
      rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 4 * threads)
      items = rowItems.count
    case .groups(let groups):
      precondition(input.channels % groups == 0)
      rowItems = RowItems(rows: 1, count: 1)
      items = groups
    }
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    switch form.scope {
    case .pixel: runRows(rowItems[item], arena)
    case .groups(let groups): runGroup(item, of: groups, arena)
    }
  }

  private func runRows(_ rows: Range<Int>, _ arena: UnsafeMutableRawPointer) {
    output.clearBorder(rows: rows, arena: arena)
    let arena = arena.floats
    let channels = output.channels
    // SAFETY: the layouts lie in the arena; whole vectors up to the last channel of a pixel.
    for y in rows {
      var source = arena + (input.offset + y * input.rowStride)
      var target = arena + (output.offset + y * output.rowStride)
      for _ in 0..<output.width {
        let mean = Self.sum(source, channels) { $0 } / Float(channels)
        let variance =
          Self.sum(source, channels) { value in
            let distance = value - mean
            return distance * distance
          } / Float(channels)
        let scale = 1 / (variance + form.epsilon).squareRoot()
        forEachLane(channels) { lane in
          ((source + lane).lanes - mean) * scale
        } scalar: { channel in
          (source[channel] - mean) * scale
        } store: {
          target
        }
        source += input.pixelStride
        target += output.pixelStride
      }
    }
  }

  /// Returns the sum of a function of values, a block of vectors at a time.
  @inline(__always)
  private static func sum(
    _ values: UnsafeMutablePointer<Float>, _ count: Int, _ function: (Lanes) -> Lanes
  ) -> Float {
    var total = Lanes.zero
    var index = 0
    let whole = count &- count % Lanes.scalarCount
    while index < whole {
      let end = min(whole, index &+ 64)
      var block = Lanes.zero
      while index < end {
        block += function((values + index).lanes)
        index &+= Lanes.scalarCount
      }
      total += block
    }
    var rest: Float = 0
    while index < count {
      rest += function(Lanes(repeating: values[index]))[0]
      index &+= 1
    }
    return total.sum() + rest
  }

  /// Groups lie across pixels, so that long sums are in double precision.
  private func runGroup(_ group: Int, of groups: Int, _ memory: UnsafeMutableRawPointer) {
    let count = input.channels / groups
    let channels = group * count..<(group + 1) * count
    let (input, output) = (input.slice(channels: channels), output.slice(channels: channels))
    output.clearBorder(rows: 0..<output.height, arena: memory)
    let arena = memory.floats
    func sum(_ function: (Double) -> Double) -> Double {
      var total = 0.0
      for y in 0..<input.height {
        for x in 0..<input.width {
          let pixel = arena + (input.offset + y * input.rowStride + x * input.pixelStride)
          for channel in 0..<count { total += function(Double(pixel[channel])) }
        }
      }
      return total
    }
    let values = Double(input.height * input.width * count)
    // SAFETY: the layouts lie in the arena.
    let mean = sum { $0 } / values
    let variance = sum { ($0 - mean) * ($0 - mean) } / values
    let scale = Float(1 / (variance + Double(form.epsilon)).squareRoot())
    for y in 0..<output.height {
      for x in 0..<output.width {
        let source = arena + (input.offset + y * input.rowStride + x * input.pixelStride)
        let target = arena + (output.offset + y * output.rowStride + x * output.pixelStride)
        for channel in 0..<count { target[channel] = (source[channel] - Float(mean)) * scale }
      }
    }
  }
}
