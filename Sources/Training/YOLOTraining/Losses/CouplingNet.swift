import YOLOGraph

/// A net of a coupling of the flow: from the kept coordinate to one number, through two layers of 64
/// with SiLU.
///
/// It works on blocks of points; layers are [unit, point].
struct CouplingNet {
  static let width = CouplingFlow.width
  /// The points of a block.
  static let block = 64
  /// What is kept of a block for the backward pass: of both layers the slope of the activation and its
  /// result.
  static let keptCount = 4 * width * block
  /// The working memory of `backward`, in floats.
  static let workCount = 2 * width * block + width * width

  /// Where the tensors are in the store's runs.
  struct Offsets {
    let firstWeight: Int
    let firstBias: Int
    let middleWeight: Int
    let middleBias: Int
    let lastWeight: Int
    let lastBias: Int
  }

  let offsets: Offsets
  /// The coordinate that the net reads; it is the other one that its result changes.
  let input: Int
  private var output: Int { 1 - input }

  init(offsets: Offsets, input: Int) {
    self.offsets = offsets
    self.input = input
  }

  /// Evaluates a block.
  ///
  /// - Parameters:
  ///   - values: The values of the store.
  ///   - x: The inputs of the block's points.
  ///   - kept: Room for `keptCount` numbers, which `backward` reads.
  ///   - result: Where the results of the points go to.
  func forward(
    _ values: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    kept: UnsafeMutablePointer<Float>, result: UnsafeMutablePointer<Float>
  ) {
    let (width, block) = (Self.width, Self.block)
    let first = kept
    let firstActive = kept + width * block
    let middle = kept + 2 * width * block
    let middleActive = kept + 3 * width * block
    var unit = 0
    while unit < width {
      let weight = values[offsets.firstWeight &+ 2 &* unit &+ input]
      let bias = values[offsets.firstBias &+ unit]
      var point = 0
      while point < block {
        store(load(x + point) * weight + bias, first + (unit &* block &+ point))
        point &+= 8
      }
      unit &+= 1
    }
    Self.activate(first, firstActive)
    Self.multiply(
      values + offsets.middleWeight, rowStride: width, columnStride: 1, firstActive, middle)
    unit = 0
    while unit < width {
      let bias = values[offsets.middleBias &+ unit]
      var point = 0
      while point < block {
        let position = unit &* block &+ point
        store(load(middle + position) + bias, middle + position)
        point &+= 8
      }
      unit &+= 1
    }
    Self.activate(middle, middleActive)
    let last = values + offsets.lastWeight + output &* width
    var point = 0
    while point < block {
      var sum = LossLanes(repeating: values[offsets.lastBias &+ output])
      unit = 0
      while unit < width {
        sum += load(middleActive + (unit &* block &+ point)) * last[unit]
        unit &+= 1
      }
      store(sum, result + point)
      point &+= 8
    }
  }

  /// Adds the gradients of the parameters, and of the inputs.
  ///
  /// - Parameters:
  ///   - values: The values of the store.
  ///   - gradients: Where the gradients of the parameters are added, laid out as the store.
  ///   - x: The inputs.
  ///   - kept: What `forward` kept.
  ///   - slope: The gradients by the results; zero for points that do not count.
  ///   - inputSlope: Where the gradients by the inputs are added.
  ///   - work: Room for `workCount` numbers.
  func backward(
    _ values: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    _ x: UnsafePointer<Float>, kept: UnsafePointer<Float>, slope: UnsafePointer<Float>,
    inputSlope: UnsafeMutablePointer<Float>, work: UnsafeMutablePointer<Float>
  ) {
    let (width, block) = (Self.width, Self.block)
    let first = kept
    let firstActive = kept + width * block
    let middle = kept + 2 * width * block
    let middleActive = kept + 3 * width * block
    let byMiddle = work
    let byFirst = work + width * block
    let product = work + 2 * width * block
    let last = values + offsets.lastWeight + output &* width
    let lastGradient = gradients + offsets.lastWeight + output &* width
    gradients[offsets.lastBias &+ output] += Self.sum(slope)
    var unit = 0
    while unit < width {
      let row = unit &* block
      lastGradient[unit] += Self.dot(slope, middleActive + row)
      var point = 0
      while point < block {
        store(
          load(slope + point) * last[unit] * load(middle + (row &+ point)),
          byMiddle + (row &+ point))
        point &+= 8
      }
      gradients[offsets.middleBias &+ unit] += Self.sum(byMiddle + row)
      unit &+= 1
    }
    // Of the middle weights' gradient a product over the points: they become rows.
    Self.transpose(firstActive, byFirst)
    Self.multiply(byMiddle, rowStride: block, columnStride: 1, byFirst, product)
    var index = 0
    while index < width &* width {
      let target = gradients + offsets.middleWeight + index
      store(load(target) + load(product + index), target)
      index &+= 8
    }
    Self.multiply(
      values + offsets.middleWeight, rowStride: 1, columnStride: width, byMiddle, byFirst)
    unit = 0
    while unit < width {
      let row = unit &* block
      let weight = values[offsets.firstWeight &+ 2 &* unit &+ input]
      var point = 0
      while point < block {
        let slope =
          load(byFirst + (row &+ point)) * load(first + (row &+ point))
        store(slope, byFirst + (row &+ point))
        store(load(inputSlope + point) + slope * weight, inputSlope + point)
        point &+= 8
      }
      gradients[offsets.firstWeight &+ 2 &* unit &+ input] += Self.dot(byFirst + row, x)
      gradients[offsets.firstBias &+ unit] += Self.sum(byFirst + row)
      unit &+= 1
    }
  }

  /// Sets `target` to x · σ(x) of each x, and replaces x by the slope.
  private static func activate(
    _ source: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    var index = 0
    while index < width &* block {
      let x = load(source + index)
      let s = sigmoid(x)
      let y = x * s
      store(y, target + index)
      store(s + y * (1 - s), source + index)
      index &+= 8
    }
  }

  /// Writes the columns of a square matrix as rows.
  private static func transpose(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    var row = 0
    while row < width {
      var column = 0
      while column < block {
        target[column &* width &+ row] = source[row &* block &+ column]
        column &+= 1
      }
      row &+= 1
    }
  }

  /// Sets each row r of `target` to Σ_c matrix[r, c] · row c of `source`.
  private static func multiply(
    _ matrix: UnsafePointer<Float>, rowStride: Int, columnStride: Int,
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    var row = 0
    while row < width {
      let (m0, m1) = (matrix + row &* rowStride, matrix + (row &+ 1) &* rowStride)
      let (m2, m3) = (matrix + (row &+ 2) &* rowStride, matrix + (row &+ 3) &* rowStride)
      var point = 0
      while point < block {
        var (s0, s1, s2, s3) = (LossLanes.zero, LossLanes.zero, LossLanes.zero, LossLanes.zero)
        var column = 0
        while column < width {
          let x = load(source + (column &* block &+ point))
          let offset = column &* columnStride
          s0 += x * m0[offset]
          s1 += x * m1[offset]
          s2 += x * m2[offset]
          s3 += x * m3[offset]
          column &+= 1
        }
        let to = target + (row &* block &+ point)
        store(s0, to)
        store(s1, to + block)
        store(s2, to + 2 * block)
        store(s3, to + 3 * block)
        point &+= 8
      }
      row &+= 4
    }
  }

  @inline(__always)
  private static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> Float {
    DotProduct.of(a, b, block)
  }

  @inline(__always)
  private static func sum(_ a: UnsafePointer<Float>) -> Float {
    var total = LossLanes.zero
    var index = 0
    while index < block {
      total += load(a + index)
      index &+= 8
    }
    return total.sum()
  }
}
