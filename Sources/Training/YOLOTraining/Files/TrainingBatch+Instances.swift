public import YOLOGeometry
public import YOLOImage
public import YOLOTrainingData

extension TrainingBatch {
  /// Returns an image of the batch, for people to look at; of other channels than three the first.
  ///
  /// - Parameter index: The index of the image.
  /// - Returns: The image, whose size is that of the network's input.
  public func image(_ index: Int) -> Image {
    let area = height * width
    let channels = count > 0 && area > 0 ? max(pixels.count / (count * area), 1) : 1
    let start = index * area * channels
    let shown = channels >= 3 ? 3 : 1
    var bytes = [UInt8](repeating: 0, count: area * shown)
    for pixel in 0..<area {
      for channel in 0..<shown {
        let value = pixels[start + pixel * channels + channel]
        bytes[pixel * shown + channel] = UInt8((min(max(value, 0), 1) * 255).rounded())
      }
    }
    return Image(knownSize: Size(width: width, height: height), channels: shown, pixels: bytes)
  }

  /// Returns the objects of an image in pixels of the network's input.
  ///
  /// - Parameters:
  ///   - index: The index of the image.
  ///   - names: The names of the classes.
  /// - Returns: The objects; of the task classify none.
  public func instances(_ index: Int, names: [String]) -> [Instance] {
    targets[index].instances(in: Size(width: width, height: height), names: names)
  }
}

extension TrainingTargets {
  /// Returns the objects in pixels of an image.
  ///
  /// - Parameters:
  ///   - size: The size of the image.
  ///   - names: The names of the classes.
  /// - Returns: Boxes, masks, keypoints or oriented boxes, whichever the targets have.
  public func instances(in size: Size, names: [String]) -> [Instance] {
    let (width, height) = (Float(size.width), Float(size.height))
    let points = classes.isEmpty ? 0 : keypoints.count / classes.count
    return boxes.indices.map { index in
      let center = boxes[index]
      let box = Box(
        x1: (center.x - center.z / 2) * width, y1: (center.y - center.w / 2) * height,
        x2: (center.x + center.z / 2) * width, y2: (center.y + center.w / 2) * height)
      var geometry = Geometry.box(box)
      if angles.indices.contains(index) {
        geometry = .orientedBox(
          OrientedBox(
            x: center.x * width, y: center.y * height, width: center.z * width,
            height: center.w * height, angle: angles[index]))
      } else if points > 0 {
        geometry = .keypoints(
          box,
          keypoints[index * points..<(index + 1) * points].map {
            Keypoint(Point(x: $0.x * width, y: $0.y * height), visibility: $0.z)
          })
      } else if let mask = masks?.mask(of: index) {
        geometry = .mask(box, mask, outline: Polygon())
      }
      let classIndex = classes.indices.contains(index) ? classes[index] : 0
      return Instance(
        classIndex: classIndex,
        className: names.indices.contains(classIndex) ? names[classIndex] : nil, geometry: geometry)
    }
  }
}

extension TargetMasks {
  /// Returns the mask of an instance at its own resolution.
  fileprivate func mask(of index: Int) -> Mask {
    let area = height * width
    let pixels: [UInt8] =
      isOverlapping
      ? values.map { Int($0) == index + 1 ? 1 : 0 }
      : values[index * area..<(index + 1) * area].map { $0 == 0 ? 0 : 1 }
    return Mask(frame: Size(width: width, height: height), pixels: pixels)
  }
}
