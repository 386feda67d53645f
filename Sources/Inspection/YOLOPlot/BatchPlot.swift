import YOLODrawing
public import YOLOGeometry
public import YOLOImage

/// Draws the images of a batch side by side, with their labels or with what was found in them.
public struct BatchPlot: Sendable {
  /// An image and what is drawn on it.
  public struct Tile: Sendable {
    /// The image.
    public var image: Image
    /// The objects in pixels of the image.
    public var instances: [Instance]
    /// What stands in the upper left corner: the name of the file, or a class.
    public var caption: String

    /// Creates a tile.
    public init(image: Image, instances: [Instance], caption: String) {
      self.image = image
      self.instances = instances
      self.caption = caption
    }
  }

  /// The images that are shown at most.
  public static let shownImages = 16
  /// The greatest side in pixels.
  public static let maximumSide = 1920

  private static let gap = 2

  private let tiles: [Tile]
  private let showsConfidences: Bool

  /// Prepares a plot.
  ///
  /// - Parameters:
  ///   - tiles: The images, of which the first 16 are shown.
  ///   - showsConfidences: Whether labels have confidences: those of objects that were found.
  public init(_ tiles: [Tile], showsConfidences: Bool) {
    self.tiles = Array(tiles.prefix(Self.shownImages))
    self.showsConfidences = showsConfidences
  }

  /// The images in a square, reduced where they would be larger than 1920 pixels together.
  public var image: Image {
    let columns = max(Int(Double(tiles.count).squareRoot().rounded(.up)), 1)
    let rows = max((tiles.count + columns - 1) / columns, 1)
    let width = max(tiles.map(\.image.width).max() ?? 1, 1)
    let height = max(tiles.map(\.image.height).max() ?? 1, 1)
    let room = Double(Self.maximumSide)
    let ratio = min(1, min(room / Double(columns * width), room / Double(rows * height)))
    let cell = Size(
      width: max(Int(Double(width) * ratio), 1), height: max(Int(Double(height) * ratio), 1))
    var drawing = RasterDrawing(
      width: Double(columns * (cell.width + Self.gap) - Self.gap),
      height: Double(rows * (cell.height + Self.gap) - Self.gap), scale: 1)
    for (index, tile) in tiles.enumerated() {
      let left = Double(index % columns * (cell.width + Self.gap))
      let top = Double(index / columns * (cell.height + Self.gap))
      drawing.place(shown(tile, ratio), x: left, y: top)
    }
    return drawing.image
  }

  /// Returns a tile at its size in the plot; lines and letters are those of that size.
  private func shown(_ tile: Tile, _ ratio: Double) -> Image {
    var options = DrawingOptions()
    options.showsConfidences = showsConfidences
    options.lineWidth = max(Int((2 / ratio).rounded()), 1)
    options.capitalHeight = Int((7 / ratio).rounded())
    var image = tile.image.annotated(with: tile.instances, options: options)
    if ratio < 1 {
      image = image.resized(
        to: Size(
          width: max(Int(Double(image.width) * ratio), 1),
          height: max(Int(Double(image.height) * ratio), 1)))
    }
    return tile.caption.isEmpty ? image : image.captioned(tile.caption)
  }
}
