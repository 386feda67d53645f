public import YOLOGeometry

extension Results {
  /// The names of the columns of ``csv(members:isNormalized:)`` for a task.
  ///
  /// - Parameters:
  ///   - task: The task.
  ///   - members: The names of columns that come first.
  /// - Returns: One line.
  public static func csvHeader(of task: VisionTask, members: [String] = ["source"]) -> String {
    if task == .semantic { return Self.row(members + ["class", "name", "pixel_ratio"]) }
    if task == .depth { return Self.row(members + ["min", "max", "mean"]) }
    let corners: [String] =
      switch task {
      case .detect, .segment, .pose: ["x1", "y1", "x2", "y2"]
      case .obb: ["x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4"]
      case .classify, .semantic, .depth: []
      }
    let more: [String] =
      switch task {
      case .segment: ["segments"]
      case .pose: ["keypoints"]
      case .detect, .obb, .classify, .semantic, .depth: []
      }
    return Self.row(members + ["class", "name", "confidence"] + corners + more)
  }

  /// The results as lines of comma-separated values (RFC 4180), one for each instance or class.
  ///
  /// Numbers are those of the JSON. The points of a mask's outline are one value, `x y x y …`, and so
  /// are keypoints, `x y visibility x y visibility …`, without visibilities where the model has none.
  ///
  /// - Parameters:
  ///   - members: Values that come first, the source if not given.
  ///   - isNormalized: Whether coordinates are divided by the image's width and height.
  /// - Returns: The lines; none without instances.
  public func csv(members: [String]? = nil, isNormalized: Bool = false) -> String {
    let first = members ?? [source]
    if let depthMap {
      let range = depthMap.range()
      return Self.row(
        first + [range.minimum, range.maximum, range.mean].map { "\(ResultScale.rounded($0))" })
    }
    if task == .semantic {
      return classRatios.map {
        Self.row(first + ["\($0.classIndex)", $0.className, "\($0.roundedRatio)"])
      }.joined()
    }
    func leading(_ index: Int, _ name: String, _ confidence: Float) -> [String] {
      first + ["\(index)", name, "\(ResultScale.rounded(confidence))"]
    }
    if let classification {
      return classification.top5.map {
        Self.row(leading($0.classIndex, $0.className, $0.confidence))
      }.joined()
    }
    let scale = ResultScale(size: imageSize, isNormalized: isNormalized)
    func corners(_ points: [Point]) -> [String] {
      points.flatMap { ["\(scale.x($0.x))", "\(scale.y($0.y))"] }
    }
    func corners(_ box: Box) -> [String] {
      corners([Point(x: box.x1, y: box.y1), Point(x: box.x2, y: box.y2)])
    }
    func joined(_ points: [Point], _ visibilities: [Float]? = nil) -> String {
      points.enumerated().map { index, point in
        let numbers =
          ["\(scale.arrayX(point.x))", "\(scale.arrayY(point.y))"]
          + (visibilities.map { ["\(ResultScale.arrayRounded($0[index]))"] } ?? [])
        return numbers.joined(separator: " ")
      }.joined(separator: " ")
    }
    return instances.map { instance in
      let geometry: [String]
      switch instance.geometry {
      case .box(let box): geometry = corners(box)
      case .orientedBox(let box): geometry = corners(box.corners)
      case .mask(let box, _, let outline), .outline(let box, let outline):
        geometry = corners(box) + [joined(outline.points)]
      case .keypoints(let box, let keypoints):
        let visibilities = keypoints.compactMap(\.visibility)
        geometry =
          corners(box) + [
            joined(
              keypoints.map(\.point),
              visibilities.count == keypoints.count ? visibilities : nil)
          ]
      }
      return Self.row(
        leading(instance.classIndex, instance.className, instance.confidence) + geometry)
    }.joined()
  }

  /// Joins the values of a row; one with a comma, a quotation mark or a line break is quoted.
  private static func row(_ values: [String]) -> String {
    values.map { value in
      let needsQuotes = value.unicodeScalars.contains { [",", "\"", "\n", "\r"].contains($0) }
      guard needsQuotes else { return value }
      return "\""
        + value.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        + "\""
    }.joined(separator: ",") + "\n"
  }
}
