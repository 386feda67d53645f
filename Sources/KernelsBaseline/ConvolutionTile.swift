import KernelInterface

/// The one micro-kernel: `rows` output pixels by `vectors` vectors of output channels, held in
/// registers while the input's channels pass by.
///
/// The form matters to the compiler: weights are loaded first, pixels are the outer loop and vectors
/// the inner one, loops are `while`, elements are reached unchecked. Other forms spill.
struct ConvolutionTile<let rows: Int, let vectors: Int> {
  @_transparent
  static func run(
    _ arguments: UnsafePointer<TileArguments>, _ input: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let lanes = Vector.scalarCount
    var sums = InlineArray<rows, InlineArray<vectors, Vector>>(
      repeating: InlineArray<vectors, Vector>(repeating: .zero))
    var row = 0
    while row < rows {
      var vector = 0
      while vector < vectors {
        sums[unchecked: row][unchecked: vector] = load(bias + vector &* lanes)
        vector &+= 1
      }
      row &+= 1
    }
    let depth = arguments.pointee.depth
    let inputStep = arguments.pointee.inputStep
    let offsets = arguments.pointee.offsets
    let segments = arguments.pointee.segments
    var weight = weights
    var segment = 0
    while segment < segments {
      var source = input + offsets[segment]
      let end = source + depth
      while source < end {
        var columns = InlineArray<vectors, Vector>(repeating: .zero)
        var vector = 0
        while vector < vectors {
          columns[unchecked: vector] = load(weight + vector &* lanes)
          vector &+= 1
        }
        row = 0
        while row < rows {
          let value = Vector(repeating: source[row &* inputStep])
          vector = 0
          while vector < vectors {
            sums[unchecked: row][unchecked: vector] = multiplyAdd(
              sums[unchecked: row][unchecked: vector], value, columns[unchecked: vector])
            vector &+= 1
          }
          row &+= 1
        }
        weight += vectors &* lanes
        source += 1
      }
      segment &+= 1
    }
    let outputStep = arguments.pointee.outputStep
    if arguments.pointee.accumulates {
      row = 0
      while row < rows {
        let target = output + row &* outputStep
        var vector = 0
        while vector < vectors {
          sums[unchecked: row][unchecked: vector] += load(target + vector &* lanes)
          vector &+= 1
        }
        row &+= 1
      }
    }
    row = 0
    while row < rows {
      let target = output + row &* outputStep
      var vector = 0
      while vector < vectors {
        store(sums[unchecked: row][unchecked: vector], target + vector &* lanes)
        vector &+= 1
      }
      row &+= 1
    }
  }
}
