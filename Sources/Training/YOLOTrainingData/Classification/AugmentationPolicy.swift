/// The policies of augmentation for classification.
package enum AugmentationPolicy {
  /// RandAugment (arXiv:1909.13719): two of 14 operations at magnitude 9 of 31 steps.
  package static func randAugment(_ image: inout EditableImage, draws: inout Draws) {
    let operations: [ImageOperation] = [
      .identity, .shearX, .shearY, .translateX, .translateY, .rotate, .brightness, .color,
      .contrast, .sharpness, .posterize, .solarize, .autoContrast, .equalize,
    ]
    let space = Space(steps: 31, shift: 150.0 / 331, posterizeBits: 8)
    for _ in 0..<2 {
      let operation = operations[draws.index(below: operations.count)]
      var magnitude = space.magnitude(of: operation, step: 9, of: image)
      if operation.isSigned, draws.index(below: 2) == 1 { magnitude = -magnitude }
      operation.apply(to: &image, magnitude: magnitude)
    }
  }

  /// A policy that AutoAugment (arXiv:1805.09501) found on ImageNet: two operations, each with a
  /// probability of its own.
  package static func autoAugment(_ image: inout EditableImage, draws: inout Draws) {
    let pair = found[draws.index(below: found.count)]
    let chances = (draws.uniform(0, 1), draws.uniform(0, 1))
    let signs = (draws.index(below: 2), draws.index(below: 2))
    let space = Space(steps: 10, shift: 150.0 / 331, posterizeBits: 8)
    for (step, chance, sign) in [(pair.0, chances.0, signs.0), (pair.1, chances.1, signs.1)]
    where chance <= step.probability {
      var magnitude = space.magnitude(of: step.operation, step: step.step, of: image)
      if step.operation.isSigned, sign == 0 { magnitude = -magnitude }
      step.operation.apply(to: &image, magnitude: magnitude)
    }
  }

  /// AugMix (arXiv:1912.02781): the image mixed with three chains of one to three light operations.
  package static func augMix(_ image: inout EditableImage, draws: inout Draws) {
    let operations: [ImageOperation] = [
      .shearX, .shearY, .translateX, .translateY, .rotate, .posterize, .solarize, .autoContrast,
      .equalize, .brightness, .color, .contrast, .sharpness,
    ]
    let space = Space(steps: 10, shift: 1.0 / 3, posterizeBits: 4)
    let shares = draws.dirichlet(2)
    let weights = draws.dirichlet(3)
    var mixed = image.pixels.map { Float($0) * Float(shares[0]) }
    for weight in weights {
      var chain = image
      for _ in 0...draws.index(below: 3) {
        let operation = operations[draws.index(below: operations.count)]
        let step = space.hasMagnitude(operation) ? draws.index(below: 3) : 0
        var magnitude = space.magnitude(of: operation, step: step, of: chain)
        if operation.isSigned, draws.index(below: 2) == 1 { magnitude = -magnitude }
        operation.apply(to: &chain, magnitude: magnitude)
      }
      let factor = Float(weight * shares[1])
      for index in mixed.indices { mixed[index] += Float(chain.pixels[index]) * factor }
    }
    for index in mixed.indices { image.pixels[index] = UInt8(clamping: Int(mixed[index])) }
  }

  /// Random brightness, contrast, saturation and hue in a random order.
  package static func colorJitter(
    _ image: inout EditableImage, settings: AugmentationSettings, draws: inout Draws
  ) {
    let order = draws.permutation(4)
    func factor(_ gain: Double) -> Double? {
      gain > 0 ? draws.uniform(max(0, 1 - gain), 1 + gain) : nil
    }
    let brightness = factor(settings.value)
    let contrast = factor(settings.value)
    let saturation = factor(settings.saturation)
    let hue = settings.hue > 0 ? draws.uniform(-settings.hue, settings.hue) : nil
    for step in order {
      switch step {
      case 0: if let brightness { image.scaleBrightness(brightness) }
      case 1: if let contrast { image.scaleContrast(contrast) }
      case 2: if let saturation { image.scaleSaturation(saturation) }
      default: if let hue { image.shiftHue(hue) }
      }
    }
  }

  /// The magnitudes of the operations, in a number of steps.
  private struct Space {
    /// The number of steps, the first of which is no change.
    package let steps: Int
    /// The maximum shift as a fraction of a side.
    package let shift: Double
    /// The bits that stay at the first step of posterizing.
    package let posterizeBits: Int

    package func hasMagnitude(_ operation: ImageOperation) -> Bool {
      switch operation {
      case .identity, .autoContrast, .equalize, .invert: false
      default: true
      }
    }

    package func magnitude(
      of operation: ImageOperation, step: Int, of image: EditableImage
    ) -> Double {
      let fraction = Double(step) / Double(steps - 1)
      switch operation {
      case .shearX, .shearY: return 0.3 * fraction
      case .translateX: return shift * Double(image.width) * fraction
      case .translateY: return shift * Double(image.height) * fraction
      case .rotate: return 30 * fraction
      case .brightness, .color, .contrast, .sharpness: return 0.9 * fraction
      case .posterize:
        return Double(posterizeBits) - (4 * fraction).rounded(.toNearestOrEven)
      case .solarize: return 255 * (1 - fraction)
      case .identity, .autoContrast, .equalize, .invert: return 0
      }
    }
  }

  private typealias Step = (operation: ImageOperation, probability: Double, step: Int)

  private static let found: [(Step, Step)] = [
    ((.posterize, 0.4, 8), (.rotate, 0.6, 9)), ((.solarize, 0.6, 5), (.autoContrast, 0.6, 0)),
    ((.equalize, 0.8, 0), (.equalize, 0.6, 0)), ((.posterize, 0.6, 7), (.posterize, 0.6, 6)),
    ((.equalize, 0.4, 0), (.solarize, 0.2, 4)), ((.equalize, 0.4, 0), (.rotate, 0.8, 8)),
    ((.solarize, 0.6, 3), (.equalize, 0.6, 0)), ((.posterize, 0.8, 5), (.equalize, 1.0, 0)),
    ((.rotate, 0.2, 3), (.solarize, 0.6, 8)), ((.equalize, 0.6, 0), (.posterize, 0.4, 6)),
    ((.rotate, 0.8, 8), (.color, 0.4, 0)), ((.rotate, 0.4, 9), (.equalize, 0.6, 0)),
    ((.equalize, 0.0, 0), (.equalize, 0.8, 0)), ((.invert, 0.6, 0), (.equalize, 1.0, 0)),
    ((.color, 0.6, 4), (.contrast, 1.0, 8)), ((.rotate, 0.8, 8), (.color, 1.0, 2)),
    ((.color, 0.8, 8), (.solarize, 0.8, 7)), ((.sharpness, 0.4, 7), (.invert, 0.6, 0)),
    ((.shearX, 0.6, 5), (.equalize, 1.0, 0)), ((.color, 0.4, 0), (.equalize, 0.6, 0)),
    ((.equalize, 0.4, 0), (.solarize, 0.2, 4)), ((.solarize, 0.6, 5), (.autoContrast, 0.6, 0)),
    ((.invert, 0.6, 0), (.equalize, 1.0, 0)), ((.color, 0.6, 4), (.contrast, 1.0, 8)),
    ((.equalize, 0.8, 0), (.equalize, 0.6, 0)),
  ]
}
