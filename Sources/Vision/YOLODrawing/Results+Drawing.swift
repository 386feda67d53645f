import YOLOGeometry
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
    let annotations = instances.map { instance in
      let geometry: Annotation.Geometry =
        switch instance.geometry {
        case .box(let box), .outline(let box, _): .box(box)
        case .mask(let box, let mask, _): .mask(mask, box: box)
        case .keypoints(let box, let keypoints): .keypoints(keypoints, box: box)
        case .orientedBox(let box): .orientedBox(box)
        }
      return Annotation(
        geometry, name: instance.className, confidence: instance.confidence,
        classIndex: instance.classIndex)
    }
    return image.annotated(with: annotations, options: options)
  }
}
