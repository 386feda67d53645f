public import YOLODatasets
public import YOLOGeometry

extension ImageLabels {
  /// Returns the objects as an evaluation compares results with them, in letterbox pixels.
  ///
  /// - Parameters:
  ///   - input: How the image is put into the network's input.
  ///   - task: What is compared; objects without what it needs are left out. Not classification.
  ///   - grid: The size of the predicted masks, a quarter of the padded size if nil.
  /// - Returns: The targets; those with masks by falling area.
  public func targets(
    for input: EvaluationInput, task: VisionTask, maskGrid grid: Size? = nil
  ) -> [Instance] {
    func target(_ instance: Instance, _ geometry: Geometry) -> Instance {
      Instance(classIndex: instance.classIndex, geometry: geometry)
    }
    switch task {
    case .detect: return instances.map { target($0, .box(input.box($0.box))) }
    case .segment:
      let (masks, order) = input.masks(of: instances.map { $0.outline ?? Polygon() }, grid: grid)
      return order.map { index in
        target(
          instances[index],
          .mask(input.box(instances[index].box), masks[index], outline: Polygon()))
      }
    case .pose:
      return instances.map {
        target($0, .keypoints(input.box($0.box), input.keypoints($0.keypoints ?? [])))
      }
    case .obb:
      return instances.compactMap { instance in
        input.orientedBox(instance.outline ?? Polygon()).map { target(instance, .orientedBox($0)) }
      }
    case .classify: return []
    }
  }
}
