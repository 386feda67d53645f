/// What trains the models of a platform.
package enum TrainerChoice: Sendable, Hashable {
  /// This program: `yolo train`.
  case own
  /// Jobs of a cluster, which run the same program.
  case kubernetes
  /// A command, in words.
  case command([String])
  /// Nothing: trainings are not started here.
  case none

  /// Reads the setting; nil is what holds without it.
  package init(_ text: String?) {
    switch text {
    case nil: self = .own
    case "none": self = .none
    case "kubernetes": self = .kubernetes
    case let text?: self = CommandWords.split(text).map { .command($0) } ?? .none
    }
  }
}
