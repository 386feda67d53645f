/// f(x) = max(x, 0).
struct ReLU: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector { x.replacing(with: Vector.zero, where: x .< Vector.zero) }
}

/// f(x) = min(max(x, 0), 6).
struct ReLU6: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    let six = Vector(repeating: 6)
    let y = x.replacing(with: Vector.zero, where: x .< Vector.zero)
    return y.replacing(with: six, where: y .> six)
  }
}

/// f(x) = x where x is above 0, otherwise slope · x.
struct LeakyReLU: ElementFunction {
  let slope: Float

  @_transparent
  func at(_ x: Vector) -> Vector {
    (x * Vector(repeating: slope)).replacing(with: x, where: x .> Vector.zero)
  }
}

/// f(x) = x · min(max(x + 3, 0), 6) / 6.
struct HardSwish: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    x * ReLU6().at(x + Vector(repeating: 3)) * Vector(repeating: 1 / 6)
  }
}
