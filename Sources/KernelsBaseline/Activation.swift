public import KernelInterface

/// A function of one value, on a vector of them.
protocol ElementFunction {
  func at(_ x: Vector) -> Vector
}

/// f(x) = x.
struct Identity: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector { x }
}

enum ActivationPass<Function: ElementFunction> {
  @_transparent
  static func run(
    _ function: Function, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int,
    _ residual: UnsafePointer<Float>?, _ residualStep: Int, _ pixels: Int, _ channels: Int
  ) {
    let lanes = Vector.scalarCount
    var pixel = 0
    while pixel < pixels {
      let values = target + pixel &* targetStep
      let added = residual.map { $0 + pixel &* residualStep }
      var channel = 0
      while channel &+ lanes <= channels {
        var value = function.at(load(values + channel))
        if let added { value += load(added + channel) }
        store(value, values + channel)
        channel &+= lanes
      }
      if channel < channels {
        var value = function.at(load(values + channel, count: channels &- channel))
        if let added { value += load(added + channel, count: channels &- channel) }
        store(value, values + channel, count: channels &- channel)
      }
      pixel &+= 1
    }
  }
}

extension InstructionSetKernels {
  /// Adds the residual only.
  public static var identity: ActivationFunction {
    { ActivationPass.run(Identity(), $0, $1, $2, $3, $4, $5) }
  }

  /// Applies SiLU, then adds the residual.
  public static var silu: ActivationFunction {
    { ActivationPass.run(SiLU(), $0, $1, $2, $3, $4, $5) }
  }

  /// Applies the sigmoid, then adds the residual.
  public static var sigmoid: ActivationFunction {
    { ActivationPass.run(Sigmoid(), $0, $1, $2, $3, $4, $5) }
  }

  /// Applies ReLU, then adds the residual.
  public static var relu: ActivationFunction {
    { ActivationPass.run(ReLU(), $0, $1, $2, $3, $4, $5) }
  }

  /// Applies ReLU capped at 6, then adds the residual.
  public static var relu6: ActivationFunction {
    { ActivationPass.run(ReLU6(), $0, $1, $2, $3, $4, $5) }
  }

  /// Applies the hard swish, then adds the residual.
  public static var hardswish: ActivationFunction {
    { ActivationPass.run(HardSwish(), $0, $1, $2, $3, $4, $5) }
  }

  /// Returns the function that applies the leaky ReLU of a slope, then adds the residual.
  public static func leakyReLU(slope: Float) -> ActivationFunction {
    { ActivationPass.run(LeakyReLU(slope: slope), $0, $1, $2, $3, $4, $5) }
  }
}
