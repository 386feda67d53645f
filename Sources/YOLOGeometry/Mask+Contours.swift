extension Mask {
  /// Returns the outer borders of the mask's connected parts, in pixels of the frame.
  ///
  /// Pixels that touch at a corner are connected; what lies in a hole of a part has no contour. The
  /// lowest part comes first, as `cv2.findContours` gives them (`RETR_EXTERNAL`,
  /// `CHAIN_APPROX_SIMPLE`): a contour begins at the leftmost pixel of the part's uppermost row,
  /// goes down first, and has a point where its direction changes.
  public func contours() -> [Polygon] { tracedContours().map { polygon($0) } }

  /// Returns a single closed line around all parts of the mask, in pixels of the frame.
  ///
  /// Several contours are joined in their order: from each a line goes to the next one and back,
  /// where their points are closest. Empty for an empty mask.
  public func outline() -> Polygon { polygon(ContourChain.joined(tracedContours())) }

  private func tracedContours() -> [[ContourTracer.Position]] {
    ContourTracer.contours(of: pixels, width: width, height: height)
  }

  private func polygon(_ contour: [ContourTracer.Position]) -> Polygon {
    let origin = SIMD2(Int32(truncatingIfNeeded: left), Int32(truncatingIfNeeded: top))
    return Polygon(
      points: contour.map { position in
        let place = position &+ origin
        return Point(x: Float(place.x), y: Float(place.y))
      })
  }
}
