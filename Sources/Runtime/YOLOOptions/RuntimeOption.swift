/// The options of how a model is run: names, ranges and help, defined here and nowhere else.
///
/// The values of the choices belong to the modules of the graph and of the kernels, which pass
/// them.
package enum RuntimeOption {
  /// The threads of one inference; by default as many as there are processors.
  package static func threads(processors: Int) -> NumberOption<Int> {
    NumberOption(
      name: "threads", range: 1...256, defaultValue: processors,
      help: "Threads of one inference at most")
  }

  /// How many predictions that are awaited run at once; by default as many as there are processors.
  package static func concurrency(processors: Int) -> NumberOption<Int> {
    NumberOption(
      name: "concurrency", range: 1...256, defaultValue: processors,
      help: "Inferences that run at once")
  }

  /// The kernels, of those that a build has.
  package static func backend<Value: RawRepresentable<String> & Sendable>(
    _ values: [Value], default defaultValue: Value
  ) -> ChoiceOption<Value> {
    ChoiceOption(
      name: "backend", values: values, defaultText: defaultValue.rawValue,
      help: "Kernels that compute")
  }

  /// The instruction set of the native kernels: one that the machine has of `known`.
  package static func instructionSet<Value: RawRepresentable<String> & Sendable>(
    _ values: [Value], known: [Value]
  ) -> ChoiceOption<Value> {
    ChoiceOption(
      name: "isa", values: values,
      expected: "one that this machine has of \(known.map(\.rawValue).joined(separator: ", "))",
      defaultText: "the strongest of this machine", help: "Instruction set of the native kernels")
  }
}
