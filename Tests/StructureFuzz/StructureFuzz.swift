import CheckpointFuzzing
import Glibc

/// Damages what checkpoints say of their modules, and runs them: each must end in a prediction or
/// in a typed error, never in a trap, a hang or memory without bound.
///
/// A program of its own, since a trap ends the process: workers do the cases, the driver reports
/// the case that a worker died of, and starts another one behind it.
@main
enum StructureFuzz {
  static func main() throws {
    var options = Options()
    guard options.parse(Array(CommandLine.arguments.dropFirst())) else {
      print(Options.usage)
      exit(64)
    }
    if options.isWorker {
      try Worker(options).run()
    } else if let number = options.single {
      try Worker(options).show(number)
    } else {
      exit(try Driver(options).run() ? 0 : 1)
    }
  }
}

/// What the command line asks for.
struct Options {
  static let usage = """
    usage: StructureFuzz [--seed S] [--cases N] [--first F] [--jobs J] [--seconds T] [--bases B]
                         [--repository P]
           StructureFuzz --case K [--seed S] [--repository P]

      --seed S         The seed that all cases follow from (1).
      --cases N        How many cases are run (10000).
      --first F        The number of the first (0).
      --jobs J         The processes that share them (2).
      --seconds T      How long a case may take before it counts as a hang (60).
      --bases B        Only cases of these networks, blocks and heads, joined by commas; others are
                       passed over.
      --case K         Runs one case in this process, and tells what it is.
      --repository P   The directory with Tests/Fixtures and Weights (the current one).
    """

  var seed: UInt64 = 1
  var cases = 10_000
  var first = 0
  var jobs = 2
  var seconds = 60
  var single: Int?
  var bases = Set<String>()
  var repository = "."
  /// A worker runs every `jobs`-th case from `first` to before `end`, and tells its progress in a
  /// file.
  var isWorker = false
  var end = 0
  var progress = ""

  mutating func parse(_ arguments: [String]) -> Bool {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      if name == "--worker" {
        isWorker = true
        continue
      }
      guard let value = rest.popFirst() else { return false }
      switch name {
      case "--repository": repository = value
      case "--progress": progress = value
      case "--bases": bases = Set(value.split(separator: ",").map(String.init))
      case "--seed":
        guard let number = UInt64(value) else { return false }
        seed = number
      default:
        guard let number = Int(value), number >= 0 else { return false }
        switch name {
        case "--cases": cases = number
        case "--first": first = number
        case "--jobs": jobs = max(number, 1)
        case "--seconds": seconds = number
        case "--case": single = number
        case "--end": end = number
        default: return false
        }
      }
    }
    return true
  }
}
