public import YOLOGeometry
public import YOLOValidation

extension ImageLabels {
  /// Returns the objects as a validation compares findings with them, in letterbox pixels.
  ///
  /// - Parameters:
  ///   - input: How the image is put into the network's input.
  ///   - kind: What is compared; objects without what it needs are left out.
  ///   - grid: The extent of the predicted masks, a quarter of the padded extent if nil.
  /// - Returns: The targets; those with masks by falling area.
  public func targets(
    for input: ValidationInput, kind: ValidationKind, maskGrid grid: Size? = nil
  ) -> [ValidationTarget] {
    switch kind {
    case .boxes:
      return objects.map {
        ValidationTarget(classIndex: $0.classIndex, shape: .box(input.box($0.box)))
      }
    case .masks:
      let (masks, order) = input.masks(of: objects.map(\.polygon), grid: grid)
      return order.map { index in
        ValidationTarget(
          classIndex: objects[index].classIndex,
          shape: .mask(input.box(objects[index].box), masks[index]))
      }
    case .keypoints:
      return objects.map {
        ValidationTarget(
          classIndex: $0.classIndex,
          shape: .keypoints(input.box($0.box), input.keypoints($0.keypoints)))
      }
    case .orientedBoxes:
      return objects.compactMap { object in
        input.orientedBox(object.polygon).map {
          ValidationTarget(classIndex: object.classIndex, shape: .orientedBox($0))
        }
      }
    }
  }
}
