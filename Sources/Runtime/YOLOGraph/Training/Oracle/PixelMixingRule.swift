import YOLOKernels

/// An operation whose output pixels are weighted sums of input pixels of the same image, the same
/// for each channel: means, padding and resizing.
///
/// The gradient by the input is the transposed sum.
struct PixelMixingRule: OracleRule {
  private struct Term: Sendable {
    let source: Int
    let target: Int
    let weight: Double
  }

  private let terms: [Term]
  private let input: Shape
  private let shape: Shape
  /// The inputs after the first, of which only the size counts.
  private let others: Int

  private init(_ terms: [Term], _ input: Shape, _ output: Shape, others: Int = 0) {
    self.terms = terms
    self.input = input
    shape = output
    self.others = others
  }

  /// The mean over a window; the zeros of the padding count.
  init(averageOver window: Window, input: Shape, output: Shape) {
    let terms = window.pairs(outer: input, inner: output).map {
      Term(source: $0.outer, target: $0.inner, weight: 1 / Double(window.taps))
    }
    self.init(terms, input, output)
  }

  /// The mean over all pixels.
  init(averageOfAll input: Shape) {
    let terms = (0..<input.pixels).map {
      Term(source: $0, target: 0, weight: 1 / Double(input.pixels))
    }
    self.init(terms, input, input.resized(height: 1, width: 1))
  }

  /// Zeros around the input.
  init(padding: Padding, input: Shape, output: Shape) {
    let terms = (0..<input.pixels).map { pixel in
      let (y, x) = (pixel / input.width + padding.top, pixel % input.width + padding.left)
      return Term(source: pixel, target: y * output.width + x, weight: 1)
    }
    self.init(terms, input, output)
  }

  /// Nearest-neighbor upsampling by an integer factor.
  init(upsamplingBy scale: Int, input: Shape, output: Shape) {
    self.init(
      gathering: { ($0 / scale, $1 / scale) }, input: input, output: output, others: 0)
  }

  /// Nearest-neighbor resizing to the size of a second input.
  ///
  /// The quotient of the sizes and its products are rounded to float32, as in PyTorch.
  init(nearest input: Shape, output: Shape) {
    func source(_ position: Int, _ from: Int, _ to: Int) -> Int {
      min(Int((Float(position) * (Float(from) / Float(to))).rounded(.down)), from - 1)
    }
    self.init(
      gathering: {
        (source($0, input.height, output.height), source($1, input.width, output.width))
      }, input: input, output: output, others: 1)
  }

  private init(
    gathering source: (_ y: Int, _ x: Int) -> (y: Int, x: Int), input: Shape, output: Shape,
    others: Int
  ) {
    let terms = (0..<output.pixels).map { pixel in
      let (y, x) = source(pixel / output.width, pixel % output.width)
      return Term(source: y * input.width + x, target: pixel, weight: 1)
    }
    self.init(terms, input, output, others: others)
  }

  /// Bilinear resizing.
  init(interpolating form: Interpolation, input: Shape, output: Shape) {
    var factors: (height: Double?, width: Double?) = (nil, nil)
    if case .factors(let height, let width) = form.target { factors = (height, width) }
    let rows = (0..<output.height).map {
      Self.neighbors(of: $0, form, from: input.height, to: output.height, factors.height)
    }
    let columns = (0..<output.width).map {
      Self.neighbors(of: $0, form, from: input.width, to: output.width, factors.width)
    }
    let terms = (0..<output.pixels).flatMap { pixel in
      rows[pixel / output.width].flatMap { row in
        columns[pixel % output.width].map { column in
          Term(
            source: row.index * input.width + column.index, target: pixel,
            weight: row.weight * column.weight)
        }
      }
    }
    self.init(terms, input, output)
  }

  /// Returns the two rows or columns that one of the output is between, in float32 as in PyTorch.
  private static func neighbors(
    of position: Int, _ form: Interpolation, from input: Int, to output: Int, _ factor: Double?
  ) -> [(index: Int, weight: Double)] {
    let source: Float
    if form.alignsCorners {
      source = output > 1 ? Float(input - 1) / Float(output - 1) * Float(position) : 0
    } else {
      let scale = factor.map { Float(1 / $0) } ?? Float(input) / Float(output)
      source = max(0, scale * (Float(position) + 0.5) - 0.5)
    }
    let first = min(Int(source), input - 1)
    let weight = Double(min(max(source - Float(first), 0), 1))
    return [(first, 1 - weight), (min(first + 1, input - 1), weight)]
  }

  func output(of inputs: [[Double]]) -> [Double] {
    var output = [Double](repeating: 0, count: shape.count)
    forEachValue { source, target, weight in output[target] += weight * inputs[0][source] }
    return output
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    var byInput = [Double](repeating: 0, count: input.count)
    forEachValue { source, target, weight in byInput[source] += weight * gradient[target] }
    return RuleGradients(inputs: [byInput] + [[Double]?](repeating: nil, count: others))
  }

  private func forEachValue(_ body: (_ source: Int, _ target: Int, _ weight: Double) -> Void) {
    for image in 0..<shape.batch {
      for term in terms {
        let source = (image * input.pixels + term.source) * shape.channels
        let target = (image * shape.pixels + term.target) * shape.channels
        for channel in 0..<shape.channels {
          body(source + channel, target + channel, term.weight)
        }
      }
    }
  }
}
