import YOLOSystem

/// The random numbers of one sample: of a generator of its own, or recorded ones that are replayed.
///
/// A sample draws from nothing else, so that it is the same whatever thread makes it and in
/// whichever order. Recorded numbers take the place of the results of the draws, one after the
/// other; their ranges are not looked at.
package struct Draws: Sendable {
  private var generator: Xoshiro256
  private var recorded: [Double]
  private var position = 0
  private let isReplay: Bool

  /// The draws of a stream of random numbers.
  ///
  /// - Parameters:
  ///   - seed: The seed of the run.
  ///   - epoch: The epoch, from 0.
  ///   - stream: What is drawn for: the position of a sample in its epoch, for example.
  ///   - purpose: Keeps streams of different purposes apart.
  package init(seed: UInt64, epoch: Int, stream: Int, purpose: Purpose) {
    var mixer = seed
    for part in [
      UInt64(bitPattern: Int64(epoch)), UInt64(bitPattern: Int64(stream)), purpose.rawValue,
    ] {
      mixer = Xoshiro256.mixed(mixer &+ 0x9E37_79B9_7F4A_7C15) ^ (part &* 0xD134_2543_DE82_EF95)
    }
    generator = Xoshiro256(seed: mixer)
    recorded = []
    isReplay = false
  }

  /// The draws that were recorded.
  package init(recorded: [Double]) {
    generator = Xoshiro256(seed: 0)
    self.recorded = recorded
    isReplay = true
  }

  /// What a stream is drawn for.
  package enum Purpose: UInt64, Sendable {
    /// The augmentation of a sample.
    case sample = 1
    /// The order of an epoch.
    case order = 2
    /// The size of a batch.
    case size = 3
  }

  /// The recorded draws that are left, or that were missing if negative; 0 for a generator.
  package var remaining: Int { isReplay ? recorded.count - position : 0 }

  private mutating func replayed() -> Double {
    defer { position += 1 }
    return position < recorded.count ? recorded[position] : 0
  }

  /// Draws a number between two bounds, the lower one included.
  package mutating func uniform(_ lower: Double, _ upper: Double) -> Double {
    if isReplay { return replayed() }
    return lower + (upper - lower) * generator.unit()
  }

  /// Draws an index below `count`, which is positive.
  package mutating func index(below count: Int) -> Int {
    guard isReplay else { return generator.index(below: count) }
    let value = replayed()
    guard value >= 0, value < Double(count) else { return 0 }
    return Int(value)
  }

  /// Draws from the Beta distribution of equal parameters.
  package mutating func beta(_ shape: Double) -> Double {
    if isReplay { return replayed() }
    let (first, second) = (gamma(shape), gamma(shape))
    let sum = first + second
    return sum > 0 ? first / sum : 0.5
  }

  /// Draws from the Dirichlet distribution of `count` parameters of 1.
  package mutating func dirichlet(_ count: Int) -> [Double] {
    if isReplay { return (0..<count).map { _ in replayed() } }
    let parts = (0..<count).map { _ in gamma(1) }
    let sum = parts.reduce(0, +)
    return parts.map { sum > 0 ? $0 / sum : 1 / Double(count) }
  }

  /// Draws an order of the indices below `count` (Fisher and Yates).
  package mutating func permutation(_ count: Int) -> [Int] {
    if isReplay { return (0..<count).map { _ in Int(replayed().rounded()) } }
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, index(below: last + 1))
    }
    return order
  }

  /// Draws from the Gamma distribution of scale 1 and a shape of at least 1 (Marsaglia and Tsang,
  /// "A simple method for generating gamma variables", 2000).
  private mutating func gamma(_ shape: Double) -> Double {
    let scaled = shape - 1 / 3.0
    let spread = 1 / (9 * scaled).squareRoot()
    while true {
      let normal = generator.normal()
      let base = 1 + spread * normal
      guard base > 0 else { continue }
      let cube = base * base * base
      if log(1 - generator.unit()) < 0.5 * normal * normal + scaled * (1 - cube + log(cube)) {
        return scaled * cube
      }
    }
  }
}

/// The generator xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number
/// generators", 2021), seeded by SplitMix64.
package struct Xoshiro256: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64) {
    var position = seed
    func next() -> UInt64 {
      position &+= 0x9E37_79B9_7F4A_7C15
      return Self.mixed(position)
    }
    state = (next(), next(), next(), next())
  }

  /// The output function of SplitMix64.
  package static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  package mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = state.3 << 45 | state.3 >> 19
    return result
  }

  /// Returns a number from 0 to below 1, of 53 bits.
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Returns an index below `count`; the bias is below `count` / 2⁶⁴.
  package mutating func index(below count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(max(count, 1))).high)
  }

  /// Returns a number of the standard normal distribution (the polar method of Marsaglia).
  package mutating func normal() -> Double {
    while true {
      let (x, y) = (2 * unit() - 1, 2 * unit() - 1)
      let square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      return x * (-2 * log(square) / square).squareRoot()
    }
  }
}
