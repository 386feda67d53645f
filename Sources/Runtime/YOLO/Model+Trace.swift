package import YOLOGraph
public import YOLOImage
import YOLOModels
public import YOLOOptions
public import YOLOPostprocess
import YOLOSystem
public import YOLOTensor
import YOLOWeights

extension Model {
  /// Results, and the outputs of modules on the way.
  public struct Trace: Sendable {
    /// The results.
    public let results: Results
    /// How the image became the network's input.
    public let fit: InputFit
    /// The network's input: the channels of the model's images in 0...1, [1, channels, height,
    /// width].
    public let input: Tensor
    /// The outputs of modules by path, as PyTorch gives them: [1, channels, height, width], or
    /// [1, channels] where pixels have no place; of the head itself the decoded cells,
    /// [1, 4 + classes + extra, cells], as `HeadTensors` has them.
    public let tensors: [String: Tensor]
  }

  /// The paths of the modules whose outputs the results are read from.
  public var headPaths: [String] { network.graph.outputs.map(\.name) }

  /// Returns the paths of all modules that have an output, in the order in which they run: what a
  /// module consists of comes before it.
  public func modulePaths() -> [String] {
    network.graph.modulePaths + HeadTap.taps(of: network, checkpoint).map(\.path)
  }

  /// The graph as inference computes it: what it fuses has one output.
  package var inferenceGraph: Graph { plans.graph }

  /// Predicts, and hands out what modules gave on the way.
  ///
  /// Every module of the checkpoint that runs may be named, `model.2.m.0.cv1.bn` as well as
  /// `model.2`. What inference takes together, such as a convolution and the normalization after
  /// it, is then computed apart. A module that runs several times gives its last output, and one
  /// that gives a list gives it joined along the channels.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - paths: The modules, such as `model.4` or `model.9.cv2`; what is kept of them takes memory
  ///     of its own in the run.
  ///   - options: Thresholds and the input size.
  ///   - source: What the results call the image.
  /// - Returns: The results, the network's input and the tensors.
  /// - Throws: As `predictBlocking(_:options:source:threads:)`; `YOLOError` of code `model` for a
  ///   path that no module has.
  public func trace(
    _ image: Image, taps paths: [String], options: PredictOptions = .standard,
    source: String = "image"
  ) throws(YOLOError) -> Trace {
    let request = try request(options)
    let image = try fitted(image, named: source)
    let fit = fit(for: image.size, options: options)
    let headTaps = HeadTap.taps(of: network, checkpoint).filter { paths.contains($0.path) }
    let plan = try plan(
      fit.size, keeping: paths.filter { path in !headTaps.contains { $0.path == path } })
    return try withSession { session throws(YOLOError) in
      var tensors = [String: Tensor]()
      var headTensors: HeadTensors?
      var decoded: Tensor?
      let (content, speed) = try run(image, plan, fit, request, in: session, durations: nil) {
        arena in
        for (path, layout) in plan.kept {
          let tensor = Tensor(layout.map(in: arena))
          tensors[path] = ordered(tensor, of: path)
        }
        if !headTaps.isEmpty {
          let maps = plan.outputs.map { $0.layout.map(in: arena) }
          headTensors = network.head.tensors(in: maps)
          decoded = network.head.decoded(headTensors, in: maps)
        }
      }
      let results = results(content, of: source, image.size, speed)
      for (path, tap) in headTaps {
        tensors[path] = tap.tensor(
          headTensors, decoded: decoded, results.classification)
      }
      return Trace(
        results: results, fit: fit, input: fit.image(of: image).input, tensors: tensors)
    }
  }

  /// Returns a module's output, [1, channels, height, width], in the order that PyTorch has.
  private func ordered(_ tensor: Tensor, of path: String) -> Tensor {
    let (channels, pixels) = (tensor.shape[1], tensor.shape[2] * tensor.shape[3])
    let shape = network.graph.outputShape(
      of: path, height: tensor.shape[2], width: tensor.shape[3], channels: channels)
    guard network.graph.sequenceModules[path] != nil else {
      return Tensor(shape: shape, values: tensor.values)
    }
    var values = [Float]()
    values.reserveCapacity(tensor.values.count)
    for pixel in 0..<pixels {
      for channel in 0..<channels { values.append(tensor.values[channel * pixels + pixel]) }
    }
    return Tensor(shape: shape, values: values)
  }
}

extension NumpyFile {
  /// Writes a tensor to a `.npy` file of float32, which `numpy.load` reads.
  ///
  /// Whoever reads the path meanwhile sees the old file or the new one, never a part; a link is
  /// replaced, not followed.
  ///
  /// - Parameters:
  ///   - tensor: The tensor, for instance one of a ``Model/Trace``.
  ///   - path: The file, which is created or replaced.
  /// - Throws: `YOLOError` of code `unwritable`.
  public static func write(_ tensor: Tensor, to path: String) throws(YOLOError) {
    do throws(FileError) {
      try AtomicFile.write(bytes(of: tensor), to: path)
    } catch {
      throw YOLOError(
        .unwritable, "\(error.path.sanitized()): cannot be written: \(error.message)")
    }
  }
}
