public import YOLOImage
public import YOLOPostprocess

extension Results {
  /// Returns the image with the results drawn on it in the colors of the classes: boxes, masks,
  /// skeletons, oriented boxes, or bars for the probabilities of classes.
  public func drawn(on image: Image, options: DrawingOptions = DrawingOptions()) -> Image {
    if let classification {
      return image.annotated(
        with: classification.top5.map {
          ClassBarAnnotation(
            name: $0.className, probability: $0.confidence, classIndex: $0.classIndex)
        }, options: options)
    }
    return image.annotated(with: instances, options: options)
  }
}
