import YOLOGraph
import YOLOSystem

/// The normalizing flow that judges the residuals of YOLO26's keypoints (Dinh and others, "Density
/// estimation using Real NVP", arXiv:1605.08803).
///
/// Six couplings change a coordinate each, in turn, by a scale and a translation that two nets
/// 2 → 64 → 64 → 2 make of the other one; the base is the normal distribution.
struct CouplingFlow {
  static let couplings = 6
  static let width = 64

  /// The nets of the scales, then those of the translations.
  private let nets: [CouplingNet]
  /// The number of parameters.
  let parameterCount: Int

  /// Lays the parameters out one after the other in the order of `parameters(prefix:)`.
  init() {
    var nets = [CouplingNet]()
    var offset = 0
    func take(_ count: Int) -> Int {
      defer { offset += count }
      return offset
    }
    for _ in 0..<2 {
      for coupling in 0..<Self.couplings {
        let offsets = CouplingNet.Offsets(
          firstWeight: take(2 * Self.width), firstBias: take(Self.width),
          middleWeight: take(Self.width * Self.width), middleBias: take(Self.width),
          lastWeight: take(2 * Self.width), lastBias: take(2))
        nets.append(CouplingNet(offsets: offsets, input: Self.kept(coupling)))
      }
    }
    self.nets = nets
    parameterCount = offset
  }

  /// Returns the tensors in the order of a checkpoint; those of the scales come first.
  static func parameters(prefix: String) -> [ParameterStore.Description] {
    var result = [ParameterStore.Description]()
    for net in ["s", "t"] {
      for coupling in 0..<couplings {
        for (layer, shape) in [(0, [width, 2]), (2, [width, width]), (4, [2, width])] {
          let key = "\(prefix)\(net).\(coupling).\(layer)"
          result.append(.init(key: "\(key).weight", shape: shape, kind: .weight))
          result.append(.init(key: "\(key).bias", shape: [shape[0]], kind: .bias))
        }
      }
    }
    return result
  }

  /// The coordinate that a coupling keeps.
  private static func kept(_ coupling: Int) -> Int { coupling % 2 == 0 ? 1 : 0 }

  /// The working memory for a block, in floats.
  static let workCount =
    2 * couplings * CouplingNet.keptCount + CouplingNet.workCount
    + (3 * couplings + 7) * CouplingNet.block

  /// Evaluates the logarithm of the density at a block of points, and adds the gradients.
  ///
  /// - Parameters:
  ///   - values: The parameters.
  ///   - gradients: Where the gradients of the parameters are added.
  ///   - points: The first coordinates of the block's points, and the second ones; replaced by their
  ///     gradients.
  ///   - slope: The gradients by the logarithms of the densities.
  ///   - logarithms: Where the logarithms go to.
  ///   - work: Room for `workCount` numbers.
  func evaluate(
    _ values: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    points: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>),
    slope: UnsafePointer<Float>, logarithms: UnsafeMutablePointer<Float>,
    work: UnsafeMutablePointer<Float>
  ) {
    let block = CouplingNet.block
    var next = work
    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
      defer { next += count }
      return next
    }
    let keptOfNets = take(2 * Self.couplings * CouplingNet.keptCount)
    let netWork = take(CouplingNet.workCount)
    let inputs = take(Self.couplings * block)
    let changed = take(Self.couplings * block)
    let scales = take(Self.couplings * block)
    let translation = take(block)
    let determinant = take(block)
    let scaleSlope = take(block)
    let translationSlope = take(block)
    let slopes = (take(block), take(block))

    determinant.update(repeating: 0, count: block)
    var coupling = Self.couplings &- 1
    while coupling >= 0 {
      let isFirst = Self.kept(coupling) == 0
      let (kept, moved) = isFirst ? (points.0, points.1) : (points.1, points.0)
      let x = inputs + coupling &* block
      let s = scales + coupling &* block
      x.update(from: kept, count: block)
      nets[coupling].forward(
        values, x, kept: keptOfNets + coupling &* CouplingNet.keptCount, result: s)
      nets[Self.couplings &+ coupling].forward(
        values, x, kept: keptOfNets + (Self.couplings &+ coupling) &* CouplingNet.keptCount,
        result: translation)
      var point = 0
      while point < block {
        s[point] = tanhf(s[point])
        moved[point] = (moved[point] - translation[point]) * expf(-s[point])
        determinant[point] -= s[point]
        point &+= 1
      }
      (changed + coupling &* block).update(from: moved, count: block)
      coupling &-= 1
    }
    var point = 0
    let constant = Float(1.8378770664093453)  // ln 2π
    while point < block {
      let (a, b) = (points.0[point], points.1[point])
      logarithms[point] = -0.5 * (a * a + b * b) - constant + determinant[point]
      slopes.0[point] = -slope[point] * a
      slopes.1[point] = -slope[point] * b
      point &+= 1
    }
    coupling = 0
    while coupling < Self.couplings {
      let isFirst = Self.kept(coupling) == 0
      let (kept, moved) = isFirst ? (slopes.0, slopes.1) : (slopes.1, slopes.0)
      let s = scales + coupling &* block
      let z = changed + coupling &* block
      point = 0
      while point < block {
        let shrink = expf(-s[point])
        let byScale = -moved[point] * z[point] - slope[point]
        scaleSlope[point] = byScale * (1 - s[point] * s[point])
        moved[point] *= shrink
        translationSlope[point] = -moved[point]
        point &+= 1
      }
      let x = inputs + coupling &* block
      nets[coupling].backward(
        values, gradients, x, kept: keptOfNets + coupling &* CouplingNet.keptCount,
        slope: scaleSlope, inputSlope: kept, work: netWork)
      nets[Self.couplings &+ coupling].backward(
        values, gradients, x,
        kept: keptOfNets + (Self.couplings &+ coupling) &* CouplingNet.keptCount,
        slope: translationSlope, inputSlope: kept, work: netWork)
      coupling &+= 1
    }
    points.0.update(from: slopes.0, count: block)
    points.1.update(from: slopes.1, count: block)
  }
}
