import YOLOSystem
import YOLOTensor

extension Checkpoint {
  /// Numbers that take the place of a tensor's.
  package struct Replacement {
    /// The key of the tensor.
    package let key: String
    /// Its dimensions, outermost first.
    package let shape: [Int]
    /// The position of the first number.
    package let offset: Int

    /// Describes a replacement.
    package init(key: String, shape: [Int], offset: Int) {
      self.key = key
      self.shape = shape
      self.offset = offset
    }
  }

  /// Returns the checkpoint with other numbers, of float32, in place of some tensors': a copy of them is
  /// kept.
  ///
  /// - Parameters:
  ///   - replacements: The tensors.
  ///   - values: The numbers.
  ///   - count: How many numbers there are.
  /// - Returns: The checkpoint with the other numbers.
  /// - Throws: `WeightError.invalidTensor` for a tensor that reaches beyond the numbers.
  package func replacing(
    _ replacements: [Replacement], by values: UnsafePointer<Float>, count: Int
  ) throws(WeightError) -> Checkpoint {
    let bytes = [UInt8](UnsafeRawBufferPointer(start: values, count: 4 * count))
    let copy: MappedFile
    do throws(FileError) {
      copy = try MappedFile(copying: bytes, name: model.usage.file)
    } catch {
      throw WeightError(reading: error)
    }
    var tensors: [String: WeightTensor] = [:]
    for replacement in replacements {
      tensors[replacement.key] = try WeightTensor(
        key: replacement.key, file: copy, region: 0..<bytes.count, elementType: .float32,
        shape: replacement.shape, offset: replacement.offset)
    }
    return Checkpoint(
      model: model.replacing(tensors), taskName: taskName, names: names, strides: strides,
      imageSize: imageSize, trainingArguments: trainingArguments, info: info)
  }
}

extension ModuleRecord {
  /// Returns the record with other tensors in place of those of their keys.
  fileprivate func replacing(_ replacements: [String: WeightTensor]) -> ModuleRecord {
    var tensors = tensors
    for name in tensors.keys {
      if let tensor = replacements[key(of: name)] { tensors[name] = tensor }
    }
    return ModuleRecord(
      qualifiedName: qualifiedName, path: path, name: name, attributes: attributes,
      tensors: tensors, tensorNames: tensorNames,
      children: children.map { $0.replacing(replacements) }, usage: usage)
  }
}
