import YOLOGraph
import YOLOKernels

/// How a step is divided.
struct StepLayout {
  /// A run of elements that one rule changes.
  struct Piece {
    /// What happens to it.
    enum Action: UInt8 {
      /// The rule of the optimizer.
      case update
      /// That of MuSGD for an orthogonalized momentum.
      case muon
      /// The average alone moves.
      case average
    }

    /// The first element.
    let start: Int
    /// The number of vectors.
    let count: Int
    /// The group; 0 where only the average moves.
    let group: Int
    /// What happens to it.
    let action: Action
    /// What the orthogonalized momentum is multiplied by.
    let scale: Float
  }

  /// A tensor whose momentum is orthogonalized.
  struct Muon {
    let start: Int
    let count: Int
    let group: Int
    let iteration: NewtonSchulz
  }

  /// The pieces in the order of the store.
  private(set) var pieces = [Piece]()
  /// Ranges of pieces of about equal size, one an item.
  private(set) var packs = [Range<Int>]()
  /// The orthogonalized tensors, the most expensive first.
  private(set) var muons = [Muon]()

  /// The elements of an item: with their gradients, states and average they fit a second-level
  /// cache.
  private static let packCount = 16_384

  init(store: ParameterStore, groups: [OptimizerGroup], isMuon: Bool) {
    var groupOf = [Int: Int]()
    for (index, group) in groups.enumerated() {
      for entry in group.entries { groupOf[entry] = index }
    }
    var begin = 0
    var size = 0
    for (index, entry) in store.entries.enumerated()
    where (entry.isTrainable || entry.kind == .statistic) && entry.count > 0 {
      let group = groupOf[index] ?? 0
      let action: Piece.Action =
        entry.kind == .statistic ? .average : groups[group].role == .muon ? .muon : .update
      if action == .muon {
        muons.append(
          Muon(
            start: entry.offset, count: entry.count, group: group,
            iteration: NewtonSchulz(shape: entry.shape)))
      }
      var offset = entry.offset
      let end = entry.offset + (entry.count + 15) / 16 * 16
      while offset < end {
        let count = min(Self.packCount, end - offset)
        pieces.append(
          Piece(
            start: offset, count: count / Lanes.scalarCount, group: group, action: action,
            scale: Self.muonScale(entry.shape)))
        offset += count
        size += count
        if size >= Self.packCount {
          packs.append(begin..<pieces.count)
          begin = pieces.count
          size = 0
        }
      }
    }
    if begin < pieces.count { packs.append(begin..<pieces.count) }
    muons.sort { cost($0) > cost($1) }

    func cost(_ muon: Muon) -> Int { muon.iteration.rows * muon.count }
  }

  /// Muon steps further along tall matrices; of a kernel the last two dimensions count.
  private static func muonScale(_ shape: [Int]) -> Float {
    guard shape.count >= 2 else { return 1 }
    return Float(max(1, Double(shape[shape.count - 2]) / Double(shape[shape.count - 1])))
      .squareRoot()
  }
}

/// Where the items of a step find everything; the memory of a store, an average and states that
/// their optimizer keeps.
final class StepMemory: @unchecked Sendable {
  let kind: OptimizerKind
  let pieces: UnsafeMutableBufferPointer<StepLayout.Piece>
  let packs: UnsafeMutableBufferPointer<Range<Int>>
  let muons: UnsafeMutableBufferPointer<StepLayout.Muon>
  /// The sum of the squares of the gradients of each pack.
  let sums: UnsafeMutableBufferPointer<Double>
  /// The constants of each group.
  let constants: UnsafeMutableBufferPointer<RuleConstants>
  let shared: UnsafeMutablePointer<StepConstants>
  let values: UnsafeMutablePointer<Float>
  let gradients: UnsafeMutablePointer<Float>
  let average: UnsafeMutablePointer<Float>
  let first: UnsafeMutablePointer<Float>
  let second: UnsafeMutablePointer<Float>
  let orthogonal: UnsafeMutablePointer<Float>

  init(
    _ layout: StepLayout, kind: OptimizerKind, groupCount: Int,
    values: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
    average: UnsafeMutablePointer<Float>, first: UnsafeMutablePointer<Float>,
    second: UnsafeMutablePointer<Float>, orthogonal: UnsafeMutablePointer<Float>
  ) {
    self.kind = kind
    pieces = Self.copy(layout.pieces)
    packs = Self.copy(layout.packs)
    muons = Self.copy(layout.muons)
    sums = Self.copy([Double](repeating: 0, count: layout.packs.count))
    constants = Self.copy([RuleConstants](repeating: RuleConstants(), count: groupCount))
    shared = .allocate(capacity: 1)
    shared.initialize(to: StepConstants())
    self.values = values
    self.gradients = gradients
    self.average = average
    self.first = first
    self.second = second
    self.orthogonal = orthogonal
  }

  deinit {
    pieces.deallocate()
    packs.deallocate()
    muons.deallocate()
    sums.deallocate()
    constants.deallocate()
    shared.deallocate()
  }

  private static func copy<Element>(_ values: [Element]) -> UnsafeMutableBufferPointer<Element> {
    let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: values.count)
    _ = memory.initialize(fromContentsOf: values)
    return memory
  }

  /// Returns a run from an element on as vectors.
  @inline(__always)
  func lanes(_ run: UnsafeMutablePointer<Float>, _ start: Int) -> UnsafeMutablePointer<Lanes> {
    // SAFETY: runs begin at 64-byte boundaries and pieces at multiples of 16 elements.
    UnsafeMutableRawPointer(run + start).assumingMemoryBound(to: Lanes.self)
  }
}

/// Sums the squares of the gradients, pack by pack.
struct NormKernel: StepKernel {
  let memory: StepMemory
  var name: String { "gradient norm" }
  var items: Int { memory.packs.count }
  var scratchBytes: Int { 0 }

  func run(item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
    let pack = memory.packs[item]
    var sum = 0.0
    var index = pack.lowerBound
    while index < pack.upperBound {
      let piece = memory.pieces[index]
      if piece.action != .average {
        sum += UpdateRules.sumOfSquares(
          memory.lanes(memory.gradients, piece.start), piece.count)
      }
      index &+= 1
    }
    memory.sums[item] = sum
  }
}

/// Moves the momentum of MuSGD and orthogonalizes it, tensor by tensor.
struct MuonKernel: StepKernel {
  let memory: StepMemory
  let products = PanelProduct(.of(.best))
  var name: String { "orthogonal momentum" }
  var items: Int { memory.muons.count }
  var scratchBytes: Int { (memory.muons.map { $0.iteration.scratchCount }.max() ?? 0) * 4 }

  func run(item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
    let muon = memory.muons[item]
    let constants = memory.constants[muon.group]
    let clip = Lanes(repeating: memory.shared.pointee.clip)
    let (momentum, rest) = (
      Lanes(repeating: constants.momentum), Lanes(repeating: constants.momentumRest)
    )
    let gradients = memory.lanes(memory.gradients, muon.start)
    let buffer = memory.lanes(memory.first, muon.start)
    let target = memory.lanes(memory.orthogonal, muon.start)
    let count = (muon.count &+ 7) / 8
    var index = 0
    while index < count {
      let gradient = gradients[index] * clip
      let moved = buffer[index] * momentum + gradient * rest
      buffer[index] = moved
      target[index] = moved * momentum + gradient * rest
      index &+= 1
    }
    muon.iteration.run(
      memory.orthogonal + muon.start, products,
      scratch: scratch.assumingMemoryBound(to: Float.self))
  }
}

/// Applies the rule, moves the average and clears the gradients, pack by pack.
struct UpdateKernel: StepKernel {
  let memory: StepMemory
  var name: String { "parameter update" }
  var items: Int { memory.packs.count }
  var scratchBytes: Int { 0 }

  func run(item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
    let pack = memory.packs[item]
    let shared = memory.shared.pointee
    var index = pack.lowerBound
    while index < pack.upperBound {
      let piece = memory.pieces[index]
      let runs = UpdateRuns(
        values: memory.lanes(memory.values, piece.start),
        gradients: memory.lanes(memory.gradients, piece.start),
        average: memory.lanes(memory.average, piece.start),
        first: memory.lanes(memory.first, piece.start),
        second: memory.lanes(memory.second, piece.start),
        orthogonal: memory.lanes(memory.orthogonal, piece.start))
      let constants = memory.constants[piece.group]
      switch piece.action {
      case .average: UpdateRules.average(runs, piece.count, shared)
      case .muon:
        UpdateRules.muon(runs, piece.count, scale: piece.scale, constants, shared)
      case .update:
        switch memory.kind {
        case .sgd, .muSGD: UpdateRules.sgd(runs, piece.count, constants, shared)
        case .adam: UpdateRules.adam(runs, piece.count, isDecoupled: false, constants, shared)
        case .adamW: UpdateRules.adam(runs, piece.count, isDecoupled: true, constants, shared)
        case .adamax: UpdateRules.adamax(runs, piece.count, constants, shared)
        case .nAdam: UpdateRules.nAdam(runs, piece.count, constants, shared)
        case .rAdam: UpdateRules.rAdam(runs, piece.count, constants, shared)
        case .rmsProp: UpdateRules.rmsProp(runs, piece.count, constants, shared)
        }
      }
      index &+= 1
    }
  }
}
