/// How samples are changed at random; the defaults are those of Ultralytics.
public struct AugmentationSettings: Sendable, Hashable {
  /// The maximum shift of the hue, as a fraction of the circle.
  public var hue = 0.015
  /// The maximum relative change of the saturation.
  public var saturation = 0.7
  /// The maximum relative change of the value (HSV).
  public var value = 0.4
  /// The maximum turn in degrees, either way.
  public var degrees = 0.0
  /// The maximum shift as a fraction of the input, either way.
  public var translate = 0.1
  /// The bounds of the factor of scale.
  public var scale = 0.5...1.5
  /// The maximum shear in degrees, either way.
  public var shear = 0.0
  /// The maximum perspective, either way; sensible up to 0.001.
  public var perspective = 0.0
  /// The probability of a flip upside down.
  public var flipVertical = 0.0
  /// The probability of a flip left to right.
  public var flipHorizontal = 0.5
  /// The probability that red and blue are exchanged.
  public var exchangeRedBlue = 0.0
  /// The probability of a mosaic of four images.
  public var mosaic = 1.0
  /// The probability that two samples are blended.
  public var mixup = 0.0
  /// The probability that a rectangle is replaced by one of another sample.
  public var cutmix = 0.0
  /// The fraction of objects that are pasted once more; polygons only.
  public var copyPaste = 0.0
  /// Where the pasted objects come from.
  public var copyPasteMode = CopyPasteMode.flip
  /// What is done to images for classification.
  public var policy: ClassificationPolicy? = .randAugment
  /// The probability that a rectangle of an image for classification is erased.
  public var erasing = 0.4

  /// Where copied objects come from.
  public enum CopyPasteMode: String, Sendable, Hashable, CaseIterable {
    /// The mirrored sample itself.
    case flip
    /// Another sample.
    case mixup
  }

  /// A policy of augmentation for classification.
  public enum ClassificationPolicy: String, Sendable, Hashable, CaseIterable {
    /// RandAugment (arXiv:1909.13719): 2 operations of magnitude 9.
    case randAugment = "randaugment"
    /// The policy that AutoAugment (arXiv:1805.09501) found on ImageNet.
    case autoAugment = "autoaugment"
    /// AugMix (arXiv:1912.02781).
    case augMix = "augmix"
  }

  /// Creates the default settings.
  public init() {}

  /// No change at all.
  public static var none: AugmentationSettings {
    var settings = AugmentationSettings()
    (settings.hue, settings.saturation, settings.value) = (0, 0, 0)
    (settings.translate, settings.scale) = (0, 1...1)
    (settings.flipHorizontal, settings.mosaic, settings.erasing) = (0, 0, 0)
    settings.policy = nil
    return settings
  }

  /// Returns these settings as the last epochs have them: without mosaic and blends.
  package func withoutMosaic() -> AugmentationSettings {
    var settings = self
    (settings.mosaic, settings.mixup, settings.cutmix, settings.copyPaste) = (0, 0, 0, 0)
    return settings
  }

  /// The bounds of the factor of scale for the argument `scale` as one number.
  public static func scaleBounds(gain: Double) -> ClosedRange<Double> {
    min(1 - gain, 1 + gain)...max(1 - gain, 1 + gain)
  }

  /// Checks that probabilities and bounds make sense.
  package func check() throws(TrainingDataError) {
    let fractions: [(String, Double)] = [
      ("hsv_h", hue), ("hsv_s", saturation), ("hsv_v", value), ("translate", translate),
      ("flipud", flipVertical), ("fliplr", flipHorizontal), ("bgr", exchangeRedBlue),
      ("mosaic", mosaic), ("mixup", mixup), ("cutmix", cutmix), ("copy_paste", copyPaste),
      ("erasing", erasing),
    ]
    for (name, value) in fractions where !(0...1).contains(value) {
      throw .invalidSetting(name: name, value: "\(value)", expected: "from 0 to 1")
    }
    guard scale.lowerBound >= 0, scale.upperBound <= 100 else {
      throw .invalidSetting(
        name: "scale", value: "\(scale.lowerBound) to \(scale.upperBound) as bounds of the factor",
        expected: "of bounds from 0 to 100")
    }
    for (name, value) in [("degrees", degrees), ("shear", shear), ("perspective", perspective)]
    where !(-360...360).contains(value) {
      throw .invalidSetting(name: name, value: "\(value)", expected: "from -360 to 360")
    }
  }
}
