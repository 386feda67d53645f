/// The term of the classes: the binary cross-entropy of every class logit of every anchor with its
/// target, which is zero but for the class of an assigned anchor.
///
/// First all targets count as zero; then the assigned anchors are corrected.
struct ClassTerm {
  /// The factor of a gradient.
  let scale: Float
  /// The weight of each class, if they have weights.
  let weights: [Float]?

  /// Sets the gradients of rows for targets of zero, and returns the sum of the cross-entropies.
  func background(_ map: LossMap, image: Int, rows: Range<Int>) -> Double {
    var sum = 0.0
    let isRun = map.pixelStride == map.channels && weights == nil
    for row in rows {
      let start = map.position(image: image, row: row, column: 0)
      if isRun {
        sum += background(
          map.values + start, map.gradients + start, count: map.width &* map.channels)
        continue
      }
      var column = 0
      while column < map.width {
        let position = start &+ column &* map.pixelStride
        sum += pixel(map.values + position, map.gradients + position, count: map.channels)
        column &+= 1
      }
    }
    return sum
  }

  /// Turns the target of a class of an anchor from zero into `score`, and returns what is to be added
  /// to the sum.
  func correct(_ map: LossMap, position: Int, category: Int, score: Float) -> Double {
    let weight = weights?[category] ?? 1
    map.gradients[position &+ category] -= score * weight * scale
    return -Double(map.values[position &+ category]) * Double(score) * Double(weight)
  }

  @inline(__always)
  private func pixel(
    _ values: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, count: Int
  ) -> Double {
    guard let weights else { return background(values, gradients, count: count) }
    return weights.withUnsafeBufferPointer { weights in
      var sum = 0.0
      var index = 0
      while index < count {
        let lanes = min(8, count &- index)
        var x = LossLanes.zero
        var weight = LossLanes.zero
        var lane = 0
        while lane < lanes {
          x[lane] = values[index &+ lane]
          weight[lane] = weights[index &+ lane]
          lane &+= 1
        }
        let (loss, slope) = softplusAndSigmoid(x)
        let gradient = slope * weight * scale
        lane = 0
        while lane < lanes {
          gradients[index &+ lane] = gradient[lane]
          lane &+= 1
        }
        sum += YOLOTraining.sum(loss * weight)
        index &+= 8
      }
      return sum
    }
  }

  /// A run of elements without weights.
  private func background(
    _ values: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, count: Int
  ) -> Double {
    var losses = SoftplusSum()
    var index = 0
    while index &+ 8 <= count {
      store(losses.add(load(values + index)) * scale, gradients + index)
      index &+= 8
    }
    var total = losses.sum()
    guard index < count else { return total }
    var x = LossLanes.zero
    var lane = 0
    while index &+ lane < count {
      x[lane] = values[index &+ lane]
      lane &+= 1
    }
    let (loss, slope) = softplusAndSigmoid(x)
    lane = 0
    while index &+ lane < count {
      gradients[index &+ lane] = slope[lane] * scale
      total += Double(loss[lane])
      lane &+= 1
    }
    return total
  }
}
