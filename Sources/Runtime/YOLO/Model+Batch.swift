import Dispatch
import YOLOGeometry
import YOLOGraph
public import YOLOImage
import YOLOModels
public import YOLOOptions
public import YOLOPostprocess

extension Model {
  /// The maximum number of images of one run; more are computed in several.
  private static let batchLimit = 16

  /// Finds the objects in several images, those of equal input size together in one run.
  ///
  /// Each result has the same bits as that of `predict(_:options:source:threads:)`. The memory of a
  /// run is that of one image for each; where that exceeds the limit, fewer are computed at a time.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - options: Thresholds and the input size.
  ///   - sources: What the results call the images; `image` if nil, else as many as images.
  ///   - threads: The threads of a run at most; those of the model's options if nil.
  /// - Returns: Results for each image, in their order; their speed is that of the run divided by the
  ///   images.
  /// - Throws: As `predict(_:options:source:threads:)`.
  public func predict(
    batch images: [Image], options: PredictOptions = .standard, sources: [String]? = nil,
    threads: Int? = nil
  ) throws(YOLOError) -> [Results] {
    precondition(sources == nil || sources?.count == images.count, "a source for each image")
    let request = try request(options)
    let fits = images.map { fit(for: $0.size, options: options) }
    var groups = [[Int]]()
    var open = [Size: Int]()
    for (index, fit) in fits.enumerated() {
      if let group = open[fit.size], groups[group].count < Self.batchLimit {
        groups[group].append(index)
      } else {
        open[fit.size] = groups.count
        groups.append([index])
      }
    }
    var results = [Int: Results]()
    while let group = groups.popLast() {
      let plan: Plan
      do {
        plan = try self.plan(fits[group[0]].size, batch: group.count)
      } catch  where error.code == .tooLarge && group.count > 1 {
        groups += [Array(group[..<(group.count / 2)]), Array(group[(group.count / 2)...])]
        continue
      }
      let found = try run(
        group.map { (images[$0], fits[$0]) }, plan, request, threads: threads)
      for (index, result) in zip(group, found) {
        results[index] = self.results(
          result.content, of: sources?[index] ?? "image", images[index].size, result.speed)
      }
    }
    return images.indices.compactMap { results[$0] }
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
