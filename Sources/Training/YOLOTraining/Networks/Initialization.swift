import YOLOSystem

/// The initial values of a network's tensors, from a seed.
///
/// Every tensor has numbers of its own, which its key and the seed decide: they stay the same when
/// others are added. The rules are PyTorch's for its layers and, for the last convolutions of
/// detectors, those of the focal loss (arXiv:1708.02002, section 4.1): a class is as likely at
/// first as five objects an image make it.
public struct Initialization: Sendable {
  /// The seed.
  public let seed: UInt64

  /// Creates the rules with a seed.
  public init(seed: UInt64) { self.seed = seed }

  /// Returns numbers that are spread evenly over ±`bound`.
  func uniform(key: String, count: Int, bound: Float) -> [Float] {
    var generator = KeyedGenerator(seed: seed, key: key)
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count { buffer[index] = (2 * generator.unit() - 1) * bound }
      initialized = count
    }
  }

  /// Returns the weight or the bias of a convolution or a linear layer: ±1/√`fanIn`.
  func layer(key: String, count: Int, fanIn: Int) -> [Float] {
    uniform(key: key, count: count, bound: 1 / Float(max(fanIn, 1)).squareRoot())
  }

  /// Returns the weight of a linear layer of a flow: Xavier's bound (±√(6/(in + out))), hundredfold
  /// smaller.
  func flow(key: String, inputs: Int, outputs: Int) -> [Float] {
    uniform(
      key: key, count: inputs * outputs,
      bound: 0.01 * (6 / Float(max(inputs + outputs, 1))).squareRoot())
  }

  /// The bias with which the branches of boxes begin.
  static let boxBias: Float = 2

  /// Returns the bias with which a class of a level of this stride begins: ln(5 / classes / cells)
  /// of an image of 640 pixels.
  static func classBias(classCount: Int, stride: Double) -> Float {
    let cells = (640 / stride) * (640 / stride)
    return Float(log(5 / Double(max(classCount, 1)) / cells))
  }
}

/// A generator of random numbers whose sequence a seed and a key decide.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014
/// (SplitMix).
struct KeyedGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64, key: String) {
    // FNV-1a of the key.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    state = seed &* 0x9E37_79B9_7F4A_7C15 ^ hash
    _ = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Returns a number in 0..<1 of 24 bits.
  mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }
}
