import YOLOGraph
import YOLOKernels
import YOLOWeights

/// How to read the outputs of a head with anchors: indices into the graph's outputs.
public struct AnchorLayout: Sendable, Hashable {
  /// The width and height of an anchor in input pixels.
  public struct Anchor: Sendable, Hashable {
    /// The width.
    public let width: Float
    /// The height.
    public let height: Float
  }

  /// A resolution of the head.
  public struct Level: Sendable, Hashable {
    /// The size of a cell in input pixels.
    public let stride: Int
    /// The output: for each anchor x, y, width, height, objectness, the classes, and the mask
    /// coefficients, [height, width, anchors · (5 + classes + coefficients)].
    public let output: Int
    /// The anchors of a cell.
    public let anchors: [Anchor]
  }

  /// The prototypes of masks.
  public struct Prototypes: Sendable, Hashable {
    /// The output with the maps, [height, width, count].
    public let output: Int
    /// The number of maps, and of mask coefficients of an anchor.
    public let count: Int
  }

  /// The number of classes.
  public let classCount: Int
  /// Whether the only class has the confidence of the objectness, as in YOLOv7.
  public let isObjectnessAlone: Bool
  /// The resolutions, in head order.
  public let levels: [Level]
  /// The prototypes of masks; nil where there are only boxes.
  public let prototypes: Prototypes?
}

/// The head of YOLOv5 and YOLOv7: Detect, Segment, IDetect and IAuxDetect of their authors.
///
/// The numbers that IDetect adds to its inputs and multiplies its outputs by are made part of the
/// convolutions, as YOLOv7 does for inference. IAuxDetect has further convolutions for training.
struct AnchorHead: HeadBlock {
  private let path: String
  private let classCount: Int
  private let isObjectnessAlone: Bool
  private let strides: [Int]
  private let anchors: [[AnchorLayout.Anchor]]
  private let convolutions: [(path: String, convolution: Convolution)]
  private let inputCount: Int
  private let masks: (proto: Proto, count: Int)?

  /// Whether a record is of such a head.
  static func recognizes(_ record: ModuleRecord) -> Bool {
    record.hasChild("m") && record.hasTensor("anchors") && record.hasAttribute("na")
  }

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    path = record.path
    guard branch == .oneToMany else { throw ModelError.noBranch(head: path, branch: branch) }
    guard ["Detect", "Segment", "IDetect", "IAuxDetect"].contains(record.className) else {
      throw ModelError.unsupported(
        path: path, setting: "the head with anchors", found: record.className,
        supported: "Detect, Segment, IDetect, IAuxDetect")
    }
    classCount = try record.count("nc", in: 1...1 << 16)
    let anchorCount = try record.count("na", in: 1...64)
    isObjectnessAlone = classCount == 1 && record.className.hasPrefix("I")
    let convolutions = try record.child("m", of: "ModuleList").children
    let strides = try record.doubles("stride")
    guard strides.count == convolutions.count, !strides.isEmpty,
      strides.allSatisfy({ (1...1024).contains($0) && $0 == $0.rounded() })
    else {
      throw ModelError.unsupported(
        path: path, setting: "stride", found: ModelError.excerpt(strides),
        supported: "an integer for each of the \(convolutions.count) levels")
    }
    self.strides = strides.map { Int($0) }
    let sizes = try record.tensor("anchors", shape: [strides.count, anchorCount, 2]).floats()
    anchors = strides.enumerated().map { level, stride in
      (0..<anchorCount).map { anchor in
        let first = 2 * (level * anchorCount + anchor)
        return AnchorLayout.Anchor(
          width: sizes[first] * Float(stride), height: sizes[first + 1] * Float(stride))
      }
    }
    let (added, factors) = try (record.implicit("ia"), record.implicit("im"))
    let (headPath, levelCount) = (path, strides.count)
    self.convolutions = try convolutions.enumerated().map { level, record in
      guard record.className == "Conv2d" else {
        throw ModelError.unsupported(
          path: record.path, setting: "the class", found: record.className, supported: "Conv2d")
      }
      let convolution = try record.convolution()
      guard !added.isEmpty || !factors.isEmpty else { return (record.path, convolution) }
      guard added.indices.contains(level), factors.indices.contains(level) else {
        throw ModelError.inputCount(at: headPath, expected: levelCount, found: added.count)
      }
      return (record.path, try convolution.joining(added[level], factors[level], record.path))
    }
    // What IAuxDetect reads besides is for training.
    inputCount = record.hasChild("m2") ? 2 * strides.count : strides.count
    for name in ["m2", "ia", "im"] where record.hasChild(name) {
      try record.child(name).markUsed()
    }
    masks =
      record.className == "Segment"
      ? (try Proto(record.child("proto")), try record.count("nm", in: 1...1 << 12)) : nil
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    guard inputs.count == inputCount || inputs.count == strides.count else {
      throw ModelError.inputCount(at: path, expected: inputCount, found: inputs.count)
    }
    var levels = [AnchorLayout.Level]()
    for (index, (path, convolution)) in convolutions.enumerated() {
      let x = try inputs[index].convolved(by: convolution, at: path).named(path)
      let expected = anchors[index].count * (5 + classCount + (masks?.count ?? 0))
      guard x.channels == expected else {
        throw GraphError.channelMismatch(at: path, expected: expected, found: x.channels)
      }
      levels.append(
        AnchorLayout.Level(
          stride: strides[index], output: builder.output(x, named: path),
          anchors: anchors[index]))
    }
    var prototypes: AnchorLayout.Prototypes?
    if let (proto, count) = masks {
      let maps = try proto.checked(proto.summed(inputs), count: count)
      prototypes = AnchorLayout.Prototypes(
        output: builder.output(maps, named: proto.path), count: count)
    }
    return .anchors(
      AnchorLayout(
        classCount: classCount, isObjectnessAlone: isObjectnessAlone, levels: levels,
        prototypes: prototypes))
  }
}

extension ModuleRecord {
  /// Returns the learned vectors of a list of YOLOv7's ImplicitA or ImplicitM; none if there is no
  /// such list.
  fileprivate func implicit(_ name: String) throws -> [Parameter] {
    guard hasChild(name) else { return [] }
    return try child(name, of: "ModuleList").children.map { record in
      guard let shape = record.tensors["implicit"]?.shape, shape.count == 4,
        shape[0] == 1, shape[2] == 1, shape[3] == 1
      else {
        throw ModelError.unsupported(
          path: record.path, setting: "implicit", found: "another shape",
          supported: "[1, channels, 1, 1]")
      }
      return try record.parameter("implicit", shape: shape).reshaped([shape[1]])
    }
  }
}

extension Convolution {
  /// Returns the pointwise convolution of an input that a vector is added to, whose output is
  /// multiplied by another.
  fileprivate func joining(
    _ added: Parameter, _ factors: Parameter, _ path: String
  ) throws -> Convolution {
    guard groups == 1, window.taps == 1, added.count == inputChannels,
      factors.count == outputChannels
    else {
      throw ModelError.unsupported(
        path: path, setting: "kernel_size or groups", found: "set",
        supported: "1, with a number for each input and output channel")
    }
    let (weight, bias, inputs) = (weight, bias, inputChannels)
    return Convolution(
      weight: Parameter(.stored("\(weight.id) · \(factors.id)"), shape: weight.shape) { target in
        weight.read(into: target)
        for (output, factor) in factors.values().enumerated() {
          for index in output * inputs..<(output + 1) * inputs { target[index] *= factor }
        }
      },
      bias: Parameter(
        .stored("\(weight.id) · \(added.id) · \(factors.id)"), shape: [outputChannels]
      ) { target in
        if let bias { bias.read(into: target) } else { target.update(repeating: 0) }
        let (weights, added) = (weight.values(), added.values())
        for (output, factor) in factors.values().enumerated() {
          for input in 0..<inputs {
            target[output] += weights[output * inputs + input] * added[input]
          }
          target[output] *= factor
        }
      }, window: window)
  }
}
