import ArgumentParser
import YOLOServerOptions
import YOLOValidation

extension NumberOption {
  /// The help of an option that falls through to the environment and the file.
  var serverHelp: ArgumentHelp {
    ArgumentHelp(
      "\(help), \(range.lowerBound) to \(range.upperBound) (default: \(defaultValue)).",
      valueName: "n")
  }
}

extension FlagOption {
  /// The help of an option that falls through to the environment and the file.
  var serverHelp: ArgumentHelp { "\(help) (default: \(defaultValue))." }
}

extension TextOption {
  /// The help of an option that falls through to the environment and the file.
  var serverHelp: ArgumentHelp {
    ArgumentHelp("\(help) (default: \(defaultText)).", valueName: valueName)
  }
}
