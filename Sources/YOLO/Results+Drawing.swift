import YOLOGeometry
public import YOLOImage
public import YOLOPostprocess

extension Results {
  /// Returns the image with what was found drawn on it in the colors of the classes: boxes, masks,
  /// skeletons, oriented boxes, or bars for the probabilities of classes.
  public func drawn(on image: Image) -> Image {
    if let classification {
      return image.annotated(
        with: classification.top5.map {
          ClassBarAnnotation(
            name: $0.className, probability: $0.confidence, classIndex: $0.classIndex)
        })
    }
    var (boxes, masks) = ([BoxAnnotation](), [MaskAnnotation]())
    var (poses, orientedBoxes) = ([PoseAnnotation](), [OrientedBoxAnnotation]())
    for instance in instances {
      let (name, confidence) = (instance.className, instance.confidence)
      let classIndex = instance.classIndex
      switch instance.geometry {
      case .box(let box), .outline(let box, _):
        boxes.append(
          BoxAnnotation(box: box, name: name, confidence: confidence, classIndex: classIndex))
      case .mask(let box, let mask, _):
        masks.append(
          MaskAnnotation(
            box: box, mask: mask, name: name, confidence: confidence, classIndex: classIndex))
      case .keypoints(let box, let keypoints):
        poses.append(
          PoseAnnotation(
            box: box, keypoints: keypoints, name: name, confidence: confidence,
            classIndex: classIndex))
      case .orientedBox(let box):
        orientedBoxes.append(
          OrientedBoxAnnotation(
            box: box, name: name, confidence: confidence, classIndex: classIndex))
      }
    }
    var drawn = image
    if !masks.isEmpty { drawn = drawn.annotated(with: masks) }
    if !poses.isEmpty { drawn = drawn.annotated(with: poses) }
    if !orientedBoxes.isEmpty { drawn = drawn.annotated(with: orientedBoxes) }
    if !boxes.isEmpty { drawn = drawn.annotated(with: boxes) }
    return drawn
  }
}
