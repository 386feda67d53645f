package import YOLOGeometry
package import YOLOImage

extension Image {
  /// Creates the upright image of one that is stored with `size` and `orientation` as
  /// `3 · width · height` bytes of RGB, which `fill` writes, all of them unless it throws.
  ///
  /// Allocates the image's bytes; a quarter turn needs as many again meanwhile.
  package init<Failure: Error>(
    stored size: Size, orientation: Orientation,
    filling fill: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    let byteCount = 3 * size.width * size.height
    var failure: Failure?
    func isFilled(_ target: UnsafeMutablePointer<UInt8>) -> Bool {
      do throws(Failure) {
        try fill(target)
        return true
      } catch {
        failure = error
        return false
      }
    }
    let pixels = [UInt8](unsafeUninitializedCapacity: byteCount) { target, count in
      guard let target = target.baseAddress else { return }
      if orientation.swapsSides {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCount) { stored in
          guard let stored = stored.baseAddress, isFilled(stored) else { return }
          orientation.transpose(stored, to: target, size: size)
          count = byteCount
        }
      } else if isFilled(target) {
        orientation.mirror(target, size: size)
        count = byteCount
      }
    }
    if let failure { throw failure }
    self.init(knownSize: orientation.upright(size), pixels: pixels)
  }
}
