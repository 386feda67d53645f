public import YOLOGeometry
public import YOLOValidation

/// The labels of an image.
public struct ImageLabels: Sendable, Hashable {
  /// The labeled objects, in the order of the file and in fractions of the image's width and height.
  ///
  /// Their geometry is a box, a box and the polygon that the label consists of (the corners of an
  /// oriented box, too), or a box and keypoints, of visibility 0 where they are not labeled.
  public let instances: [Instance]
  /// The rows that were left out because they occur before.
  public let duplicates: Int

  /// Creates labels.
  public init(instances: [Instance], duplicates: Int) {
    self.instances = instances
    self.duplicates = duplicates
  }
}

/// What a pose dataset says about its keypoints.
public struct KeypointShape: Sendable, Hashable {
  /// The keypoints of an object.
  public let count: Int
  /// The numbers of a keypoint: 2 for a position, 3 with its visibility.
  public let values: Int

  /// Creates a shape.
  public init(count: Int, values: Int) {
    self.count = count
    self.values = values
  }
}

extension ImageLabels {
  /// Returns the objects as an evaluation compares results with them, in letterbox pixels.
  ///
  /// - Parameters:
  ///   - input: How the image is put into the network's input.
  ///   - task: What is compared; objects without what it needs are left out. Not classification.
  ///   - grid: The size of the predicted masks, a quarter of the padded size if nil.
  /// - Returns: The targets; those with masks by falling area.
  public func targets(
    for input: ValidationInput, task: VisionTask, maskGrid grid: Size? = nil
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
