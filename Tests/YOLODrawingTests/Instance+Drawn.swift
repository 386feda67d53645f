import YOLOGeometry

extension Instance {
  /// Creates an instance to be drawn; nil shows the name alone.
  init(_ geometry: Geometry, name: String, confidence: Float?, classIndex: Int) {
    self.init(
      classIndex: classIndex, className: name, confidence: confidence ?? .nan, geometry: geometry)
  }
}
