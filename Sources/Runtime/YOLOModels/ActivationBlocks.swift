import YOLOGraph
import YOLOKernels
import YOLOSystem
import YOLOWeights

extension ModuleRecord {
  /// Returns the function of an activation module.
  func activation() throws -> Activation {
    guard let make = ActivationLayer.functions[className] else {
      throw ModelError.unsupported(
        path: path, setting: "the activation", found: className,
        supported: (["Identity"] + ActivationLayer.functions.keys).sorted()
          .joined(separator: ", "))
    }
    return try make(self)
  }

  /// Returns a number of an activation, or the one that it has if a file is older than that.
  fileprivate func number(_ key: String, default: Double) throws -> Float {
    Float(try double(key, default: `default`))
  }

  /// Returns a learned number.
  fileprivate func learned(_ name: String) throws -> Float {
    try tensor(name, shape: [1]).floats()[0]
  }
}

/// A function of each value, as a layer: `torch.nn.Mish` and the like.
struct ActivationLayer: UnaryBlock {
  /// The functions that are known, by the class name that checkpoints use.
  static let functions: [String: @Sendable (ModuleRecord) throws -> Activation] = [
    "AGLU": { record in
      // Its own softplus is part of it.
      if record.hasChild("act") { try record.child("act").markUsed() }
      let parameters = try AGLU.parameters(of: record)
      return .adaptiveSigmoid(kappa: parameters.kappa, lambda: parameters.lambda)
    },
    "CELU": { record in
      let alpha = try record.number("alpha", default: 1)
      return .elu(alpha: alpha, scale: 1, inputScale: 1 / alpha)
    },
    "ELU": { .elu(alpha: try $0.number("alpha", default: 1), scale: 1, inputScale: 1) },
    "GELU": { record in
      let form = try record.string("approximate", default: "none")
      switch form {
      case "none": return .gelu
      case "tanh": return .tanhGELU
      default:
        throw ModelError.unsupported(
          path: record.path, setting: "approximate", found: form, supported: "none, tanh")
      }
    },
    "Hardshrink": { .hardshrink(bound: try $0.number("lambd", default: 0.5)) },
    "Hardsigmoid": { _ in .hardsigmoid },
    "Hardswish": { _ in .hardswish },
    "Hardtanh": { record in
      .clamp(
        minimum: try record.number("min_val", default: -1),
        maximum: try record.number("max_val", default: 1))
    },
    "Identity": { _ in .identity },
    "LeakyReLU": { .leakyReLU(slope: Float(try $0.double("negative_slope"))) },
    "LogSigmoid": { _ in .logSigmoid },
    "Mish": { _ in .mish },
    "PReLU": { .leakyReLU(slope: try $0.learned("weight")) },
    "RReLU": { record in
      // Inference has the mean of the slopes.
      let bounds = try (record.double("lower"), record.double("upper"))
      return .leakyReLU(slope: Float((bounds.0 + bounds.1) / 2))
    },
    "ReLU": { _ in .relu },
    "ReLU6": { _ in .relu6 },
    "SELU": { _ in .elu(alpha: 1.673_263_24, scale: 1.050_700_99, inputScale: 1) },
    "SiLU": { _ in .silu },
    "Sigmoid": { _ in .sigmoid },
    "Softplus": { record in
      .softplus(
        beta: try record.number("beta", default: 1),
        threshold: try record.number("threshold", default: 20))
    },
    "Softshrink": { .softshrink(bound: try $0.number("lambd", default: 0.5)) },
    "Softsign": { _ in .softsign },
    "Tanh": { _ in .tanh },
    "Tanhshrink": { _ in .tanhshrink },
    "Threshold": { record in
      .threshold(
        Float(try record.double("threshold")), value: Float(try record.double("value")))
    },
  ]

  let path: String
  private let function: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    function = try record.activation()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    x.activated(by: function, at: path).named(path)
  }
}

/// The adaptive parametric activation (Alexandridis et al., "Adaptive parametric activation",
/// 2024): (1 + λ e^(−κx))^(−1/λ) with two learned numbers.
struct AGLU: UnaryBlock {
  let path: String
  private let kappa: Float
  private let lambda: Float

  /// Returns the learned numbers of a record; λ is kept above 0.
  static func parameters(of record: ModuleRecord) throws -> (kappa: Float, lambda: Float) {
    (try record.learned("kappa"), max(try record.learned("lambd"), 1e-4))
  }

  init(_ record: ModuleRecord) throws {
    path = record.path
    (kappa, lambda) = try Self.parameters(of: record)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let (kappa, shift) = (kappa, -log(lambda))
    func constant(_ name: String, _ value: Float) -> Parameter {
      Parameter(.stored("\(path).\(name)"), shape: [x.channels]) { $0.update(repeating: value) }
    }
    // e^(y / λ) of y = −log(1 + e⁻ᵘ), u = κx − log λ.
    let y = try x.scaled(
      by: constant("kappa", kappa), plus: constant("lambd", shift), at: path
    ).activated(by: .logSigmoid, at: path + ".act").named(path + ".act")
    return y.activated(by: .exponential(scale: 1 / lambda), at: path).named(path)
  }
}

/// A leaky ReLU of a learned slope, one for all channels or one each (He et al., "Delving deep into
/// rectifiers", 2015).
struct PReLU: UnaryBlock {
  let path: String
  private let slope: Parameter
  private let count: Int

  init(_ record: ModuleRecord) throws {
    path = record.path
    count = try record.count("num_parameters", in: 1...1 << 16)
    slope = try record.parameter("weight", shape: [count])
  }

  func callAsFunction(_ x: Value) throws -> Value {
    guard count > 1 else {
      return x.activated(by: .leakyReLU(slope: slope.values()[0]), at: path).named(path)
    }
    // slope · x + (1 − slope) · max(x, 0).
    let slope = slope
    let rest = Parameter(.stored("1 − \(path).weight"), shape: [count]) { target in
      for (index, value) in slope.values().enumerated() { target[index] = 1 - value }
    }
    let positive = try x.activated(by: .relu, at: path)
      .scaled(by: rest, plus: nil, at: path)
    return try x.scaled(by: slope, plus: nil, at: path).adding(positive, at: path).named(path)
  }
}
