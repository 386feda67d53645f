extension Polygon {
  /// Returns the pixels of an image that lie inside the polygon or on its line.
  ///
  /// As `cv2.fillPoly`: coordinates lose their fractions (towards zero), the line is drawn pixel by
  /// pixel, and what it encloses by the even-odd rule is filled. Coordinates beyond ±65,536 and NaN
  /// are moved into that range. Cost: linear in the pixels of the line and the area, and in the
  /// number of corners for each row.
  public func filled(in frame: Size) -> Mask {
    precondition(frame.width >= 0 && frame.height >= 0, "an extent is not negative")
    let corners = points.map { PolygonFill.Corner(x: Self.whole($0.x), y: Self.whole($0.y)) }
    guard let left = corners.map(\.x).min(), let right = corners.map(\.x).max(),
      let top = corners.map(\.y).min(), let bottom = corners.map(\.y).max()
    else { return Mask(emptyOf: frame) }
    let columns = max(left, 0)..<max(left, 0, min(right + 1, frame.width))
    let rows = max(top, 0)..<max(top, 0, min(bottom + 1, frame.height))
    guard !columns.isEmpty, !rows.isEmpty else { return Mask(emptyOf: frame) }
    var fill = PolygonFill(columns: columns, rows: rows)
    fill.drawLine(through: corners)
    fill.fillInside(of: corners)
    return Mask(
      frame: frame, left: columns.lowerBound, top: rows.lowerBound, width: columns.count,
      height: rows.count, pixels: fill.pixels)
  }

  private static func whole(_ value: Float) -> Int {
    guard !value.isNaN else { return 0 }
    return Int(min(max(value, -65_536), 65_536))
  }
}
