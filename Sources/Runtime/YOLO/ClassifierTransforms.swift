package import YOLOGeometry
package import YOLOImage
package import YOLOWeights

/// How a classifier's image becomes its input, as the checkpoint stores it: the `transforms` of
/// torchvision and of Ultralytics that its training had.
///
/// Scaling is Pillow's with antialiasing, on 8-bit samples, as Ultralytics does it.
public struct ClassifierTransforms: Sendable, Hashable {
  /// What is done to the size.
  private enum Geometry: Sendable, Hashable {
    /// The largest square in the middle, brought to a size without antialiasing.
    case square(Size)
    /// The image scaled, where that is told, and its middle of a size, where that is told.
    case scaled(Scaling?, crop: Size?)
  }

  /// How an image is scaled.
  private struct Scaling: Sendable, Hashable {
    /// Both sides, or only the shorter one if `exact` is nil.
    var exact: Size?
    var shorterSide = 0
    var longerLimit: Int?
    var filter = ResizeFilter.bilinear

    func size(of source: Size) -> Size {
      if let exact { return exact }
      let (short, long) =
        source.width <= source.height
        ? (source.width, source.height) : (source.height, source.width)
      var sides = (short: shorterSide, long: shorterSide * long / short)
      if let longerLimit, sides.long > longerLimit {
        sides = (longerLimit * sides.short / sides.long, longerLimit)
      }
      sides.short = max(1, sides.short)
      return source.width <= source.height
        ? Size(width: sides.short, height: sides.long)
        : Size(width: sides.long, height: sides.short)
    }
  }

  /// Whether colors are dropped, and when.
  private enum Grayness: Sendable, Hashable {
    case none
    case beforeScaling
    case afterScaling
  }

  private var geometry = Geometry.scaled(nil, crop: nil)
  private var grayness = Grayness.none
  private var means: [Float] = [0, 0, 0]
  private var deviations: [Float] = [1, 1, 1]

  /// What the original YOLOv5 does, whose files store nothing: the largest square in the middle, by
  /// the mean and the deviation of the colors of ImageNet.
  static func original(_ size: Size) -> ClassifierTransforms {
    var transforms = ClassifierTransforms()
    transforms.geometry = .square(size)
    transforms.means = [0.485, 0.456, 0.406]
    transforms.deviations = [0.229, 0.224, 0.225]
    return transforms
  }

  /// The largest side that a step may name.
  private static let sideLimit = 1 << 16

  /// Returns the size of the input that an image becomes.
  package func inputSize(of source: Size) -> Size {
    switch geometry {
    case .square(let size): size
    case .scaled(let scaling, let crop): crop ?? scaling?.size(of: source) ?? source
    }
  }

  /// Whether this is what happens to a square input by default, and so has a faster way.
  package func isDefault(for size: Size) -> Bool {
    size.width == size.height && grayness == .none && means.allSatisfy { $0 == 0 }
      && deviations.allSatisfy { $0 == 1 }
      && geometry == .scaled(Scaling(shorterSide: size.width), crop: size)
  }

  /// Returns the image that is the input, before its numbers are normalized.
  package func image(of view: ImageView) -> Image {
    guard grayness != .beforeScaling else {
      var plain = self
      plain.grayness = .none
      return Self.gray(Image(view)).withView { plain.image(of: $0) }
    }
    let image: Image
    switch geometry {
    case .square(let size):
      let side = min(view.width, view.height)
      image = Self.middle(of: view, Size(width: side, height: side))
        .resized(to: size)
    case .scaled(let scaling, let crop):
      let resized = scaling?.size(of: view.size) ?? view.size
      let plan = CenterCrop(source: view.size, resized: resized, target: crop ?? resized)
      let part = view.resized(plan, filter: scaling?.filter ?? .bilinear)
      image = crop.map { Self.padded(part, to: $0) } ?? part
    }
    return grayness == .none ? image : Self.gray(image)
  }

  /// The number that each byte of a channel becomes.
  package func levels(channel: Int) -> [Float] {
    (0...255).map { (Float($0) / 255 - means[channel]) / deviations[channel] }
  }

  // MARK: - Pixels

  /// Returns the middle of an image, of which both sides are as long at least.
  private static func middle(of view: ImageView, _ size: Size) -> Image {
    let (left, top) = ((view.width - size.width) / 2, (view.height - size.height) / 2)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * size.width * size.height)
    for y in top..<top + size.height {
      pixels += UnsafeBufferPointer(start: view.row(y) + 3 * left, count: 3 * size.width)
    }
    return Image(knownSize: size, pixels: pixels)
  }

  /// Returns an image with black around it where it is smaller than a size.
  private static func padded(_ image: Image, to size: Size) -> Image {
    guard image.size != size else { return image }
    let (left, top) = ((size.width - image.width) / 2, (size.height - image.height) / 2)
    var pixels = [UInt8](repeating: 0, count: 3 * size.width * size.height)
    for y in 0..<image.height {
      let start = 3 * ((top + y) * size.width + left)
      pixels.replaceSubrange(
        start..<start + 3 * image.width,
        with: image.pixels[3 * y * image.width..<3 * (y + 1) * image.width])
    }
    return Image(knownSize: size, pixels: pixels)
  }

  /// Returns an image without colors, by the weights of ITU-R 601 as Pillow rounds them.
  private static func gray(_ image: Image) -> Image {
    var pixels = image.pixels
    for index in stride(from: 0, to: pixels.count, by: 3) {
      let sum =
        Int(pixels[index]) * 19595 + Int(pixels[index + 1]) * 38470
        + Int(pixels[index + 2]) * 7471 + 0x8000
      let level = UInt8(truncatingIfNeeded: sum >> 16)
      (pixels[index], pixels[index + 1], pixels[index + 2]) = (level, level, level)
    }
    return Image(knownSize: image.size, pixels: pixels)
  }
}

// MARK: - Reading

/// The transforms that a checkpoint stores, and when they are used.
struct StoredTransforms: Sendable {
  /// The side that the first step names; nil if it names none.
  private let side: Int?
  /// The transforms, or why they cannot be done.
  private let content: Result<ClassifierTransforms, YOLOError>

  /// Reads the transforms of a checkpoint; nil if it has none.
  init?(_ checkpoint: Checkpoint, file: String) {
    guard let value = checkpoint.model.attributes["transforms"], !value.isNone else { return nil }
    let steps: [AttributeValue]?
    if case .record(let compose) = value, compose.className == "Compose" {
      steps = compose.attributes["transforms"]?.elements
    } else {
      steps = nil
    }
    side = steps?.first.flatMap { $0["size"] }.flatMap { $0.integers?.max() }
    content = Result { () throws(YOLOError) in
      guard let steps else {
        throw ClassifierTransforms.unsupported(file, "\(value)", "a Compose of steps")
      }
      return try ClassifierTransforms(steps, file: file)
    }
  }

  /// Returns the transforms if they are used for inputs of a size: unless another one was asked for
  /// than the first step names.
  ///
  /// - Throws: `YOLOError` of code `model` if they would be used and cannot be done.
  func used(for size: Size) throws(YOLOError) -> ClassifierTransforms? {
    guard side == nil || side == max(size.width, size.height) else { return nil }
    return try content.get()
  }
}

extension ClassifierTransforms {
  /// The steps that are done, for messages.
  private static let known =
    "Resize, CenterCrop, Grayscale to 3 channels, ToTensor, Normalize in this order, or the "
    + "CenterCrop and ToTensor of Ultralytics"

  fileprivate static func unsupported(
    _ file: String, _ found: String, _ supported: String = known
  ) -> YOLOError {
    YOLOError(
      .model,
      "\(file): the transforms that the classifier stores have \(printable(found)); supported: "
        + supported)
  }

  /// Reads the steps of a `Compose`.
  package init(_ steps: [AttributeValue], file: String) throws(YOLOError) {
    self.init()
    var isTensor = false
    var isNormalized = false
    var bytesRemain = false
    var scaling: Scaling?
    var crop: Size?
    var square: Size?
    for step in steps {
      guard case .record(let record) = step else { throw Self.unsupported(file, "\(step)") }
      func unsupported(_ key: String) -> YOLOError {
        Self.unsupported(
          file, "\(record.className) with \(key) \(record.attributes[key] ?? .none)")
      }
      let hasGeometry = scaling != nil || crop != nil || square != nil
      switch record.qualifiedName {
      case "ultralytics.data.augment.CenterCrop" where !hasGeometry && !isTensor:
        guard let width = Self.side(record.attributes["w"]),
          let height = Self.side(record.attributes["h"])
        else { throw unsupported("h") }
        square = Size(width: width, height: height)
      case "torchvision.transforms.transforms.Resize" where !hasGeometry && !isTensor:
        scaling = try Self.scaling(record, unsupported)
      case "torchvision.transforms.transforms.CenterCrop"
      where crop == nil && square == nil && !isTensor:
        guard let sides = record.attributes["size"]?.integers, (1...2).contains(sides.count),
          sides.allSatisfy((1...Self.sideLimit).contains)
        else { throw unsupported("size") }
        crop = Size(width: sides[sides.count - 1], height: sides[0])
      case "torchvision.transforms.transforms.Grayscale" where square == nil && !isTensor:
        guard record.attributes["num_output_channels"]?.int == 3 else {
          throw unsupported("num_output_channels")
        }
        grayness = hasGeometry || grayness == .afterScaling ? .afterScaling : .beforeScaling
      case "torchvision.transforms.transforms.ToTensor" where !isTensor: isTensor = true
      case "ultralytics.data.augment.ToTensor" where !isTensor && square != nil:
        guard record.attributes["half"]?.bool ?? false == false else { throw unsupported("half") }
        isTensor = true
      case "torchvision.transforms.transforms.PILToTensor" where !isTensor && square == nil:
        (isTensor, bytesRemain) = (true, true)
      case "torchvision.transforms.transforms.ConvertImageDtype" where isTensor:
        guard case .opaque("torch.float32")? = record.attributes["dtype"] else {
          throw unsupported("dtype")
        }
        bytesRemain = false
      case "torchvision.transforms.transforms.Normalize"
      where isTensor && !bytesRemain && !isNormalized:
        isNormalized = true
        means = try Self.channels(record, "mean", unsupported)
        deviations = try Self.channels(record, "std", unsupported)
        guard deviations.allSatisfy({ $0 != 0 }) else { throw unsupported("std") }
      default:
        throw Self.unsupported(file, "a step \(record.className)")
      }
    }
    guard isTensor, !bytesRemain else { throw Self.unsupported(file, "no ToTensor") }
    geometry = square.map { .square($0) } ?? .scaled(scaling, crop: crop)
  }

  private static func side(_ value: AttributeValue?) -> Int? {
    value?.int.flatMap { (1...sideLimit).contains($0) ? $0 : nil }
  }

  private static func scaling(
    _ record: AttributeRecord, _ unsupported: (String) -> YOLOError
  ) throws(YOLOError) -> Scaling {
    var scaling = Scaling()
    guard let sides = record.attributes["size"]?.integers, (1...2).contains(sides.count),
      sides.allSatisfy((1...sideLimit).contains)
    else { throw unsupported("size") }
    if sides.count == 2 {
      scaling.exact = Size(width: sides[1], height: sides[0])
    } else {
      scaling.shorterSide = sides[0]
    }
    if let limit = record.attributes["max_size"], !limit.isNone {
      guard let limit = side(limit), sides.count == 1, limit > sides[0] else {
        throw unsupported("max_size")
      }
      scaling.longerLimit = limit
    }
    guard let filter = filter(record.attributes["interpolation"]) else {
      throw unsupported("interpolation")
    }
    scaling.filter = filter
    return scaling
  }

  /// The filter of an interpolation: an enumeration of torchvision, or in old files a number of
  /// Pillow.
  private static func filter(_ value: AttributeValue?) -> ResizeFilter? {
    switch value {
    case nil, .some(.none): .bilinear
    case .int(let number):
      [
        0: .nearest, 1: .lanczos, 2: .bilinear, 3: .bicubic, 4: .box, 5: .hamming,
      ][number]
    case .string(let name): ResizeFilter(rawValue: name)
    case .record(let record):
      record.arguments.first?.string.flatMap(ResizeFilter.init(rawValue:))
        ?? (record.arguments.first?.int).flatMap { filter(.int($0)) }
    case .bool, .float, .list, .tuple, .dictionary, .tensor, .opaque: nil
    }
  }

  /// Returns a number for each of three channels; a single one stands for all.
  private static func channels(
    _ record: AttributeRecord, _ key: String, _ unsupported: (String) -> YOLOError
  ) throws(YOLOError) -> [Float] {
    guard let numbers = record.attributes[key]?.numbers, numbers.count == 1 || numbers.count == 3,
      numbers.allSatisfy({ Float($0).isFinite })
    else { throw unsupported(key) }
    return numbers.count == 3
      ? numbers.map { Float($0) } : [Float](repeating: Float(numbers[0]), count: 3)
  }
}
