/// Rates a classifier, image by image.
public struct ClassificationEvaluation: Sendable {
  /// How many of an image's likeliest classes count for the wider of the two rates.
  public static let width = 5

  /// The number of images.
  public private(set) var images = 0
  /// Which class was found for which.
  public private(set) var confusion: ConfusionMatrix
  private var first = 0
  private var among = 0
  private var perClass: [(images: Int, first: Int)]

  /// Creates an evaluation without images.
  public init(classCount: Int) {
    confusion = ConfusionMatrix(classCount: classCount, hasBackground: false)
    perClass = Array(repeating: (0, 0), count: classCount)
  }

  /// Adds an image.
  ///
  /// - Parameters:
  ///   - probabilities: The probability of each class; of equal ones the lower index is first.
  ///   - target: The class that the image is of, within the evaluation's classes.
  public mutating func add(probabilities: [Float], target: Int) {
    precondition(perClass.indices.contains(target), "a target is one of the classes")
    images += 1
    perClass[target].images += 1
    guard probabilities.indices.contains(target) else { return }
    let own = probabilities[target]
    let rank = probabilities.enumerated().reduce(0) { rank, entry in
      rank + (entry.element > own || (entry.element == own && entry.offset < target) ? 1 : 0)
    }
    if rank == 0 {
      first += 1
      perClass[target].first += 1
    }
    if rank < Self.width { among += 1 }
    let likeliest = probabilities.indices.reduce(0) { best, index in
      probabilities[index] > probabilities[best] ? index : best
    }
    confusion.count(predicted: likeliest, actual: target)
  }

  /// The fraction of the images whose likeliest class is theirs; 0 without images.
  public var top1: Double { images == 0 ? 0 : Double(first) / Double(images) }

  /// The fraction of the images whose class is among the five likeliest; 0 without images.
  public var top5: Double { images == 0 ? 0 : Double(among) / Double(images) }

  /// The mean of the two fractions.
  public var fitness: Double { (top1 + top5) / 2 }

  /// The number of images of a class, and the fraction of them whose likeliest class it is.
  public func rate(ofClass index: Int) -> (images: Int, top1: Double) {
    let (images, first) = perClass[index]
    return (images, images == 0 ? 0 : Double(first) / Double(images))
  }
}
