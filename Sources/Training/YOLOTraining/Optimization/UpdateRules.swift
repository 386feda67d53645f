/// Eight numbers side by side.
typealias Lanes = SIMD8<Float>

/// The numbers of a rule for a group and a step; which of them count depends on the rule.
struct RuleConstants: BitwiseCopyable {
  /// The decay that is added to the gradient; AdamW: what the parameter is multiplied by.
  var decay: Float = 0
  /// The learning rate, corrected for the start where the rule does that.
  var rate: Float = 0
  /// Momentum, or the first beta.
  var momentum: Float = 0
  /// 1 − the first beta.
  var momentumRest: Float = 0
  /// The second beta, or alpha.
  var second: Float = 0
  /// 1 − the second beta.
  var secondRest: Float = 0
  /// The square root of the second average's correction.
  var root: Float = 1
  /// NAdam: the rate of the momentum.
  var momentumRate: Float = 0
  /// RAdam: whether the variance is rectified yet.
  var isRectified = false
  /// MuSGD: the rate of the orthogonalized momentum, without the factor of the tensor's shape.
  var muonRate: Float = 0
}

/// What the items of a step share.
struct StepConstants: BitwiseCopyable {
  /// What gradients are multiplied by, so that their norm is bounded.
  var clip: Float = 1
  /// The norm of all gradients.
  var norm = 0.0
  /// 1 − the decay of the moving average.
  var averageRest: Float = 0
}

/// The runs that a step changes, from the first element of a piece on.
struct UpdateRuns {
  let values: UnsafeMutablePointer<Lanes>
  let gradients: UnsafeMutablePointer<Lanes>
  let average: UnsafeMutablePointer<Lanes>
  let first: UnsafeMutablePointer<Lanes>
  let second: UnsafeMutablePointer<Lanes>
  let orthogonal: UnsafeMutablePointer<Lanes>

  /// Stores a parameter, moves its average and clears its gradient.
  @inline(__always)
  func finish(_ index: Int, _ value: Lanes, _ averageRest: Lanes) {
    values[index] = value
    let mean = average[index]
    average[index] = mean + (value - mean) * averageRest
    gradients[index] = .zero
  }
}

/// The rules of the optimizers, each over a run of `count` vectors.
///
/// Parameters, gradients and states lie at multiples of 16 elements, and what is between tensors is
/// zero and stays so.
///
/// PyTorch's documentation has the formulas; sums and products are in its order, so that results
/// agree to the last digits.
enum UpdateRules {
  /// v = μv + g; p −= rate · (g + μv), with the decay in g.
  static func sgd(
    _ runs: UpdateRuns, _ count: Int, _ constants: RuleConstants, _ shared: StepConstants
  ) {
    let (clip, rest) = (Lanes(repeating: shared.clip), Lanes(repeating: shared.averageRest))
    let (decay, rate) = (Lanes(repeating: constants.decay), Lanes(repeating: constants.rate))
    let momentum = Lanes(repeating: constants.momentum)
    var index = 0
    while index < count {
      let value = runs.values[index]
      let gradient = runs.gradients[index] * clip + value * decay
      let velocity = runs.first[index] * momentum + gradient
      runs.first[index] = velocity
      runs.finish(index, value - (gradient + velocity * momentum) * rate, rest)
      index &+= 1
    }
  }

  /// The rule of SGD after the step along the orthogonalized momentum, which is `scale` times what
  /// the run holds.
  static func muon(
    _ runs: UpdateRuns, _ count: Int, scale: Float, _ constants: RuleConstants,
    _ shared: StepConstants
  ) {
    let (clip, rest) = (Lanes(repeating: shared.clip), Lanes(repeating: shared.averageRest))
    let (decay, rate) = (Lanes(repeating: constants.decay), Lanes(repeating: constants.rate))
    let momentum = Lanes(repeating: constants.momentum)
    let along = Lanes(repeating: constants.muonRate * scale)
    var index = 0
    while index < count {
      let value = runs.values[index] - runs.orthogonal[index] * along
      let gradient = runs.gradients[index] * clip + value * decay
      let velocity = runs.second[index] * momentum + gradient
      runs.second[index] = velocity
      runs.finish(index, value - (gradient + velocity * momentum) * rate, rest)
      index &+= 1
    }
  }

  /// p −= rate · m / (√v / root + ε); the decay is in the gradient, or with `isDecoupled` on the
  /// parameter.
  @inline(__always)
  static func adam(
    _ runs: UpdateRuns, _ count: Int, isDecoupled: Bool, _ constants: RuleConstants,
    _ shared: StepConstants
  ) {
    let (clip, rest) = (Lanes(repeating: shared.clip), Lanes(repeating: shared.averageRest))
    let (decay, rate) = (Lanes(repeating: constants.decay), Lanes(repeating: constants.rate))
    let momentumRest = Lanes(repeating: constants.momentumRest)
    let (second, secondRest) = (
      Lanes(repeating: constants.second), Lanes(repeating: constants.secondRest)
    )
    let (root, epsilon) = (Lanes(repeating: constants.root), Lanes(repeating: 1e-8))
    var index = 0
    while index < count {
      var value = runs.values[index]
      var gradient = runs.gradients[index] * clip
      if isDecoupled { value *= decay } else { gradient += value * decay }
      var mean = runs.first[index]
      mean += (gradient - mean) * momentumRest
      runs.first[index] = mean
      let square = runs.second[index] * second + gradient * gradient * secondRest
      runs.second[index] = square
      let divisor = square.squareRoot() / root + epsilon
      runs.finish(index, value - rate * (mean / divisor), rest)
      index &+= 1
    }
  }

  /// p −= rate · m / u, u the larger of β₂u and |g| + ε.
  static func adamax(
    _ runs: UpdateRuns, _ count: Int, _ constants: RuleConstants, _ shared: StepConstants
  ) {
    let (clip, rest) = (Lanes(repeating: shared.clip), Lanes(repeating: shared.averageRest))
    let (decay, rate) = (Lanes(repeating: constants.decay), Lanes(repeating: constants.rate))
    let momentumRest = Lanes(repeating: constants.momentumRest)
    let (second, epsilon) = (Lanes(repeating: constants.second), Lanes(repeating: 1e-8))
    var index = 0
    while index < count {
      let value = runs.values[index]
      let gradient = runs.gradients[index] * clip + value * decay
      var mean = runs.first[index]
      mean += (gradient - mean) * momentumRest
      runs.first[index] = mean
      let magnitude = gradient.replacing(with: -gradient, where: gradient .< 0) + epsilon
      let faded = runs.second[index] * second
      let norm = faded.replacing(with: magnitude, where: magnitude .> faded)
      runs.second[index] = norm
      runs.finish(index, value - rate * (mean / norm), rest)
      index &+= 1
    }
  }

  /// p −= (rate · g + momentumRate · m) / (√v / root + ε).
  static func nAdam(
    _ runs: UpdateRuns, _ count: Int, _ constants: RuleConstants, _ shared: StepConstants
  ) {
    let (clip, rest) = (Lanes(repeating: shared.clip), Lanes(repeating: shared.averageRest))
    let (decay, rate) = (Lanes(repeating: constants.decay), Lanes(repeating: constants.rate))
    let momentumRest = Lanes(repeating: constants.momentumRest)
    let momentumRate = Lanes(repeating: constants.momentumRate)
    let (second, secondRest) = (
      Lanes(repeating: constants.second), Lanes(repeating: constants.secondRest)
    )
    let (root, epsilon) = (Lanes(repeating: constants.root), Lanes(repeating: 1e-8))
    var index = 0
    while index < count {
      let value = runs.values[index]
      let gradient = runs.gradients[index] * clip + value * decay
      var mean = runs.first[index]
      mean += (gradient - mean) * momentumRest
      runs.first[index] = mean
      let square = runs.second[index] * second + gradient * gradient * secondRest
      runs.second[index] = square
      let divisor = square.squareRoot() / root + epsilon
      let stepped = value - rate * (gradient / divisor)
      runs.finish(index, stepped - momentumRate * (mean / divisor), rest)
      index &+= 1
    }
  }

  /// p −= rate · m, once the variance is rectified divided by √v + ε.
  static func rAdam(
    _ runs: UpdateRuns, _ count: Int, _ constants: RuleConstants, _ shared: StepConstants
  ) {
    let (clip, rest) = (Lanes(repeating: shared.clip), Lanes(repeating: shared.averageRest))
    let (decay, rate) = (Lanes(repeating: constants.decay), Lanes(repeating: constants.rate))
    let momentumRest = Lanes(repeating: constants.momentumRest)
    let (second, secondRest) = (
      Lanes(repeating: constants.second), Lanes(repeating: constants.secondRest)
    )
    let epsilon = Lanes(repeating: 1e-8)
    var index = 0
    while index < count {
      let value = runs.values[index]
      let gradient = runs.gradients[index] * clip + value * decay
      var mean = runs.first[index]
      mean += (gradient - mean) * momentumRest
      runs.first[index] = mean
      let square = runs.second[index] * second + gradient * gradient * secondRest
      runs.second[index] = square
      let step = constants.isRectified ? mean / (square.squareRoot() + epsilon) : mean
      runs.finish(index, value - rate * step, rest)
      index &+= 1
    }
  }

  /// b = μb + g / (√v + ε); p −= rate · b.
  static func rmsProp(
    _ runs: UpdateRuns, _ count: Int, _ constants: RuleConstants, _ shared: StepConstants
  ) {
    let (clip, rest) = (Lanes(repeating: shared.clip), Lanes(repeating: shared.averageRest))
    let (decay, rate) = (Lanes(repeating: constants.decay), Lanes(repeating: constants.rate))
    let momentum = Lanes(repeating: constants.momentum)
    let (second, secondRest) = (
      Lanes(repeating: constants.second), Lanes(repeating: constants.secondRest)
    )
    let epsilon = Lanes(repeating: 1e-8)
    var index = 0
    while index < count {
      let value = runs.values[index]
      let gradient = runs.gradients[index] * clip + value * decay
      let square = runs.first[index] * second + gradient * gradient * secondRest
      runs.first[index] = square
      let step = runs.second[index] * momentum + gradient / (square.squareRoot() + epsilon)
      runs.second[index] = step
      runs.finish(index, value - rate * step, rest)
      index &+= 1
    }
  }

  /// Moves the average of statistics alone.
  static func average(_ runs: UpdateRuns, _ count: Int, _ shared: StepConstants) {
    let rest = Lanes(repeating: shared.averageRest)
    var index = 0
    while index < count {
      let mean = runs.average[index]
      runs.average[index] = mean + (runs.values[index] - mean) * rest
      index &+= 1
    }
  }

  /// Returns the sum of the squares of a run.
  static func sumOfSquares(_ run: UnsafePointer<Lanes>, _ count: Int) -> Double {
    var even = SIMD4<Double>.zero
    var odd = SIMD4<Double>.zero
    var index = 0
    while index < count {
      let low = SIMD4<Double>(run[index].lowHalf)
      let high = SIMD4<Double>(run[index].highHalf)
      even += low * low
      odd += high * high
      index &+= 1
    }
    return (even + odd).sum()
  }
}
