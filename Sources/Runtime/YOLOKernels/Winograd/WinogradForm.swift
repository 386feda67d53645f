import KernelInterface

/// A way to compute a 3×3 convolution by tiles of 4 × 4 output pixels in a transform domain.
///
/// The kernels of each form are in the modules of the instruction sets, where it says what the
/// points of interpolation are for.
package enum WinogradForm: Sendable, Hashable, CaseIterable {
  /// F(4×4, 3×3) for stride 1: 36 products instead of 144.
  case unitStride
  /// The even and the odd positions apart, for stride 2: 81 products instead of 144.
  case strideTwo

  /// The rows and columns of a tile of output pixels.
  static let outputTile = 4

  /// The distance between the windows of neighboring output pixels.
  var stride: Int {
    switch self {
    case .unitStride: 1
    case .strideTwo: 2
    }
  }

  /// The rows and columns of a tile of input pixels: as many as its transform has values.
  var inputTile: Int {
    switch self {
    case .unitStride: 6
    case .strideTwo: 9
    }
  }

  /// The planes of the transform domain.
  package var planes: Int { inputTile * inputTile }

  /// The transform of a row or column of a kernel: for each value of the transform domain, the
  /// weights of the three taps.
  var kernelTransform: [[Double]] {
    switch self {
    case .unitStride:
      return Self.interpolation(taps: 3, points: [0, 2.0 / 3, -2.0 / 3, 1.5, -1.5])
    case .strideTwo:
      let even = Self.interpolation(taps: 2, points: [0.5, -0.5, 1.25, -1.25])
      return even.map { [$0[0], 0, $0[1]] } + Array(repeating: [0, 1, 0], count: 4)
    }
  }

  /// The transforms of an instruction set.
  func transforms(_ kernels: KernelSet) -> WinogradTransforms {
    switch self {
    case .unitStride: kernels.table.unitStride
    case .strideTwo: kernels.table.strideTwo
    }
  }

  /// Returns the form for a convolution, if one computes it.
  package static func computing(_ window: Window, groups: Int) -> WinogradForm? {
    allCases.first { form in
      let plain = Window(
        kernel: (3, 3), stride: (form.stride, form.stride),
        padding: (window.paddingHeight, window.paddingWidth))
      return groups == 1 && window == plain
    }
  }

  /// Returns [1, p, p², …] / ∏(p − q) over the other points q for each point p; then infinity.
  private static func interpolation(taps: Int, points: [Double]) -> [[Double]] {
    points.map { point in
      let others = points.filter { $0 != point }.reduce(1) { $0 * (point - $1) }
      var power = 1 / others
      return (0..<taps).map { _ in
        defer { power *= point }
        return power
      }
    } + [(0..<taps).map { $0 == taps - 1 ? 1 : 0 }]
  }
}
