extension ModuleRecord {
  /// Whether there is an attribute of this name other than `None`.
  public func hasAttribute(_ key: String) -> Bool {
    usage.read(key, of: className)
    return attributes[key].map { !$0.isNone } ?? false
  }

  /// Returns an integer attribute.
  ///
  /// - Throws: `WeightError.missingAttribute` or `WeightError.unexpectedAttribute`.
  public func int(_ key: String) throws(WeightError) -> Int {
    try value(key, "an integer") { $0.int }
  }

  /// Returns an integer attribute, or `default` if it is absent or `None`.
  ///
  /// - Throws: `WeightError.unexpectedAttribute`.
  public func int(_ key: String, default: Int) throws(WeightError) -> Int {
    hasAttribute(key) ? try int(key) : `default`
  }

  /// Returns a number attribute, integer or not.
  ///
  /// - Throws: `WeightError.missingAttribute` or `WeightError.unexpectedAttribute`.
  public func double(_ key: String) throws(WeightError) -> Double {
    try value(key, "a number") { $0.double }
  }

  /// Returns a number attribute, or `default` if it is absent or `None`.
  ///
  /// - Throws: `WeightError.unexpectedAttribute`.
  public func double(_ key: String, default: Double) throws(WeightError) -> Double {
    hasAttribute(key) ? try double(key) : `default`
  }

  /// Returns a truth value attribute; 0 and 1 count as such.
  ///
  /// - Throws: `WeightError.missingAttribute` or `WeightError.unexpectedAttribute`.
  public func bool(_ key: String) throws(WeightError) -> Bool {
    try value(key, "a truth value") { $0.bool }
  }

  /// Returns a truth value attribute, or `default` if it is absent or `None`.
  ///
  /// - Throws: `WeightError.unexpectedAttribute`.
  public func bool(_ key: String, default: Bool) throws(WeightError) -> Bool {
    hasAttribute(key) ? try bool(key) : `default`
  }

  /// Returns a text attribute.
  ///
  /// - Throws: `WeightError.missingAttribute` or `WeightError.unexpectedAttribute`.
  public func string(_ key: String) throws(WeightError) -> String {
    try value(key, "text") { $0.string }
  }

  /// Returns a text attribute, or `default` if it is absent or `None`.
  ///
  /// - Throws: `WeightError.unexpectedAttribute`.
  public func string(_ key: String, default: String) throws(WeightError) -> String {
    hasAttribute(key) ? try string(key) : `default`
  }

  /// Returns an attribute that is a list or tuple of integers; a single integer is a list of one.
  ///
  /// - Throws: `WeightError.missingAttribute` or `WeightError.unexpectedAttribute`.
  public func ints(_ key: String) throws(WeightError) -> [Int] {
    try value(key, "an integer or a list of integers") { $0.integers }
  }

  /// Returns exactly `count` integers; a single one stands for all, as in `kernel_size=3`.
  ///
  /// - Throws: `WeightError.missingAttribute` or `WeightError.unexpectedAttribute`.
  public func ints(_ key: String, count: Int) throws(WeightError) -> [Int] {
    try value(key, "an integer or \(count) of them") { value in
      if let single = value.int { return [Int](repeating: single, count: count) }
      return value.integers.flatMap { $0.count == count ? $0 : nil }
    }
  }

  /// Returns an attribute that is a list, tuple or tensor of numbers; a single number is a list of
  /// one.
  ///
  /// - Throws: `WeightError.missingAttribute` or `WeightError.unexpectedAttribute`.
  public func doubles(_ key: String) throws(WeightError) -> [Double] {
    try value(key, "a number or a list of numbers") { $0.numbers }
  }

  private func value<Value>(
    _ key: String, _ expected: String, _ convert: (AttributeValue) -> Value?
  ) throws(WeightError) -> Value {
    usage.read(key, of: className)
    guard let value = attributes[key] else {
      throw .missingAttribute(file: usage.file, record: label, key: key, expected: expected)
    }
    guard let converted = convert(value) else {
      throw .unexpectedAttribute(
        file: usage.file, record: label, key: key, expected: expected, found: "\(value)")
    }
    return converted
  }
}

extension AttributeValue {
  /// The integers of a list or tuple, or a single one; nil if anything else is among them.
  public var integers: [Int]? {
    if let int { return [int] }
    guard let elements else { return nil }
    let integers = elements.compactMap(\.int)
    return integers.count == elements.count ? integers : nil
  }

  /// The numbers of a list, tuple or small tensor, or a single one; nil if anything else is among
  /// them.
  public var numbers: [Double]? {
    if let double { return [double] }
    if case .tensor(let tensor) = self {
      return tensor.count <= 4096 ? tensor.floats().map(Double.init) : nil
    }
    guard let elements else { return nil }
    let numbers = elements.compactMap(\.double)
    return numbers.count == elements.count ? numbers : nil
  }
}
