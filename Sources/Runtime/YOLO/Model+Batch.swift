import Dispatch
import YOLOGeometry
import YOLOGraph
public import YOLOImage
import YOLOModels
public import YOLOOptions
public import YOLOPostprocess

/// Images that are predicted together.
struct Batch: Sendable {
  let images: [Image]
  /// What the results call the images.
  let sources: [String]
  /// How each image becomes the network's input.
  let fits: [InputFit]
  let request: ResultRequest
  /// The indices of the images of each run; they have the same input size.
  let parts: [[Int]]
}

extension Model {
  /// The maximum number of images of one run; more are computed in several.
  private static let batchLimit = 16

  /// Finds the objects in several images, those of equal input size together in one run, and blocks
  /// the calling thread until all are done.
  ///
  /// Each result has the same bits as that of `predictBlocking(_:options:source:threads:)`. The
  /// memory of a run is that of one image for each; where that exceeds the limit, fewer are
  /// computed at a time. From asynchronous code call `predict(batch:options:sources:)`.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - options: Thresholds and the input size.
  ///   - sources: What the results call the images; `image` if nil, else as many as images.
  ///   - threads: The threads of a run at most; those of the model's options if nil.
  /// - Returns: Results for each image, in their order; their speed is that of the run divided by
  ///   the images.
  /// - Throws: As `predictBlocking(_:options:source:threads:)`.
  public func predictBlocking(
    batch images: [Image], options: PredictOptions = .standard, sources: [String]? = nil,
    threads: Int? = nil
  ) throws(YOLOError) -> [Results] {
    precondition(sources == nil || sources?.count == images.count, "a source for each image")
    let batch = try batch(
      images, options: options,
      sources: sources ?? [String](repeating: "image", count: images.count))
    var results = [Results?](repeating: nil, count: images.count)
    for part in batch.parts {
      for (index, found) in try predictBlocking(part, of: batch, threads: threads) {
        results[index] = found
      }
    }
    return results.compactMap(\.self)
  }

  /// Divides images into runs of the same input size.
  func batch(
    _ images: [Image], options: PredictOptions, sources: [String]
  ) throws(YOLOError) -> Batch {
    let request = try request(options)
    let images = try zip(images, sources).map { image, source throws(YOLOError) in
      try fitted(image, named: source)
    }
    let fits = images.map { fit(for: $0.size, options: options) }
    var parts = [[Int]]()
    var open = [Size: Int]()
    for (index, fit) in fits.enumerated() {
      if let part = open[fit.size], parts[part].count < Self.batchLimit {
        parts[part].append(index)
      } else {
        open[fit.size] = parts.count
        parts.append([index])
      }
    }
    return Batch(images: images, sources: sources, fits: fits, request: request, parts: parts)
  }

  /// Returns the results of images of a batch, by their indices; in several runs where one would
  /// exceed the limit of memory.
  func predictBlocking(
    _ part: [Int], of batch: Batch, threads: Int?
  ) throws(YOLOError) -> [(Int, Results)] {
    var results = [(Int, Results)]()
    var groups = [part]
    while let group = groups.popLast() {
      let plan: Plan
      do {
        plan = try self.plan(batch.fits[group[0]].size, batch: group.count)
      } catch  where error.code == .tooLarge && group.count > 1 {
        groups += [Array(group[..<(group.count / 2)]), Array(group[(group.count / 2)...])]
        continue
      }
      let found = try run(
        group.map { (batch.images[$0], batch.fits[$0]) }, plan, batch.request, threads: threads)
      for (index, result) in zip(group, found) {
        results.append(
          (
            index,
            self.results(
              result.content, of: batch.sources[index], batch.images[index].size, result.speed)
          ))
      }
    }
    return results
  }

  /// Runs the plan of a batch.
  private func run(
    _ inputs: [(image: Image, fit: InputFit)], _ plan: Plan, _ request: ResultRequest,
    threads: Int?
  ) throws(YOLOError) -> [(content: ResultContent, speed: Speed)] {
    let threads = min(threads ?? plan.threads, plan.threads)
    let results = try withSession { session throws(YOLOError) in
      do throws(GraphError) {
        try session.prepare(for: plan)
      } catch {
        throw YOLOError(error)
      }
      let start = DispatchTime.now()
      var filled = start
      return session.run(plan, threads: threads) { index, base, layout in
        let (image, fit) = inputs[index]
        image.withView { fit.write($0, to: base, layout, threads: threads) }
        filled = DispatchTime.now()
      } body: { arena in
        let inferred = DispatchTime.now()
        return inputs.enumerated().map { index, input in
          let begun = DispatchTime.now()
          let maps = plan.outputs.map { $0.layout.map(in: arena + index * plan.imageStrideBytes) }
          let content = Result { () throws(MaskError) in
            try network.head.content(in: maps, input.fit, request, threads: threads)
          }
          let fraction = 1 / Double(inputs.count)
          let speed = Speed(
            preprocess: start.milliseconds(to: filled) * fraction,
            inference: filled.milliseconds(to: inferred) * fraction,
            postprocess: begun.milliseconds(to: .now()))
          return (content, speed)
        }
      }
    }
    var found = [(content: ResultContent, speed: Speed)]()
    for (content, speed) in results {
      found.append((try content.mapError { YOLOError(.tooLarge, "\($0)") }.get(), speed))
    }
    return found
  }
}
