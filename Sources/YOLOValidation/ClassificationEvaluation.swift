/// Rates a classifier, picture by picture.
public struct ClassificationEvaluation: Sendable {
  /// How many of a picture's likeliest classes count for the wider of the two rates.
  public static let width = 5

  /// The number of pictures.
  public private(set) var pictures = 0
  /// Which class was found for which.
  public private(set) var confusion: ConfusionMatrix
  private var first = 0
  private var among = 0
  private var perClass: [(pictures: Int, first: Int)]

  /// Makes an evaluation without pictures.
  public init(classCount: Int) {
    confusion = ConfusionMatrix(classCount: classCount, hasBackground: false)
    perClass = Array(repeating: (0, 0), count: classCount)
  }

  /// Adds a picture.
  ///
  /// - Parameters:
  ///   - probabilities: The probability of each class; of equal ones the lower index is first.
  ///   - target: The class that the picture is of, within the evaluation's classes.
  public mutating func add(probabilities: [Float], target: Int) {
    precondition(perClass.indices.contains(target), "a target is one of the classes")
    pictures += 1
    perClass[target].pictures += 1
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

  /// The share of the pictures whose likeliest class is theirs; 0 without pictures.
  public var top1: Double { pictures == 0 ? 0 : Double(first) / Double(pictures) }

  /// The share of the pictures whose class is among the five likeliest; 0 without pictures.
  public var top5: Double { pictures == 0 ? 0 : Double(among) / Double(pictures) }

  /// The mean of the two shares.
  public var fitness: Double { (top1 + top5) / 2 }

  /// The number of pictures of a class, and the share of them whose likeliest class it is.
  public func rate(ofClass index: Int) -> (pictures: Int, top1: Double) {
    let (pictures, first) = perClass[index]
    return (pictures, pictures == 0 ? 0 : Double(first) / Double(pictures))
  }
}
