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
    case .classify, .semantic, .depth: return []
    }
  }
}

extension Mask {
  /// Calls with each stored pixel's offset and position in the frame.
  func forEachStoredPixel(_ body: (_ offset: Int, _ x: Int, _ y: Int) -> Void) {
    for row in 0..<height {
      for column in 0..<width { body(row * width + column, left + column, top + row) }
    }
  }

  /// Calls with the position of each pixel that belongs to the object.
  func forEachPixel(_ body: (_ x: Int, _ y: Int) -> Void) {
    forEachStoredPixel { offset, x, y in if pixels[offset] != 0 { body(x, y) } }
  }

  /// Returns the mask at a quarter of its size, whole quarters only.
  ///
  /// A pixel is set if two of the middle four of its sixteen are: what bilinear sampling between
  /// those four is, rounded half up.
  func quartered() -> Mask {
    let frame = Size(width: self.frame.width / 4, height: self.frame.height / 4)
    let first = Size(width: left / 4, height: top / 4)
    let end = Size(
      width: min((left + width + 3) / 4, frame.width),
      height: min((top + height + 3) / 4, frame.height))
    guard first.width < end.width, first.height < end.height else { return Mask(emptyOf: frame) }
    var quarter: [UInt8] = []
    quarter.reserveCapacity((end.width - first.width) * (end.height - first.height))
    for y in first.height..<end.height {
      for x in first.width..<end.width {
        var count = 0
        for (dx, dy) in [(1, 1), (2, 1), (1, 2), (2, 2)] where self[4 * x + dx, 4 * y + dy] {
          count += 1
        }
        quarter.append(count >= 2 ? 1 : 0)
      }
    }
    return Mask(
      frame: frame, left: first.width, top: first.height, width: end.width - first.width,
      height: end.height - first.height, pixels: quarter)
  }

  /// Returns the mask on a grid of another size: interpolated, and set where it is above a half.
  func interpolated(to grid: Size) -> Mask {
    var values = [Float](repeating: 0, count: frame.width * frame.height)
    forEachPixel { x, y in values[y * frame.width + x] = 1 }
    let resized = BilinearPlane.resized(values, from: frame, to: grid)
    return Mask(frame: grid, pixels: resized.map { $0 > 0.5 ? 1 : 0 })
  }
}
