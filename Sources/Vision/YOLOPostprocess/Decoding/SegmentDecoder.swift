import Dispatch
import Synchronization
package import YOLOGeometry
package import YOLOTensor

/// Turns the raw outputs of a segment head into boxes with masks.
package struct SegmentDecoder: Sendable, Hashable {
  /// The number of classes.
  package let classCount: Int
  /// The number of bins of a distance's distribution (`reg_max`); 1 means plain distances.
  package let binCount: Int

  /// Creates a decoder for a head of the given layout; both numbers are positive.
  package init(classCount: Int, binCount: Int) {
    precondition(classCount > 0 && binCount > 0)
    self.classCount = classCount
    self.binCount = binCount
  }

  /// Finds the objects of an image.
  ///
  /// An object to whose mask no pixel belongs is left out, but for `space` letterbox. Masks are
  /// computed for the objects that are left after selection, inside their boxes only.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order, each with as many extra channels as there are
  ///     prototypes: the mask coefficients.
  ///   - prototypes: The prototype masks, [height, width, count], which cover the whole letterbox.
  ///   - selection: Which cells become instances.
  ///   - letterbox: How the image was fitted into the network's input.
  ///   - grid: Which pixels the masks are made of.
  ///   - space: Which pixels boxes and outlines are in; for letterbox outlines are empty.
  ///   - threads: How many threads share the objects' masks.
  /// - Returns: The instances by descending confidence.
  /// - Throws: `MaskError` if the masks together would take more than `MaskError.byteLimit`.
  package func instances(
    in levels: [DetectLevel], prototypes: FeatureMap, select selection: Selection,
    letterbox: Letterbox, masks grid: MaskGrid = .letterbox, space: ResultSpace = .source,
    threads: Int = 1
  ) throws(MaskError) -> [Instance] {
    let candidates = HeadScan(classCount: classCount, binCount: binCount)
      .survivors(in: levels, selection)
    let assembly = MaskAssembly(prototypes: prototypes, letterbox: letterbox, grid: grid)
    return try assembly.instances(of: candidates, space: space, threads: threads) { candidate in
      let cell = HeadCell(anchor: candidate.anchor, in: levels)
      return assembly.mask(
        coefficients: cell.extraValues(count: prototypes.channels), box: candidate.box)
    }
  }
}

extension MaskAssembly {
  /// Returns candidates as objects with masks.
  ///
  /// Of logits an object to whose mask no pixel belongs is left out, but for `space` letterbox.
  ///
  /// - Parameters:
  ///   - candidates: What is left after selection.
  ///   - space: Which pixels boxes and outlines are in; for letterbox outlines are empty.
  ///   - threads: How many threads share the candidates.
  ///   - mask: Returns the mask of a candidate.
  /// - Returns: The objects in the order of the candidates.
  /// - Throws: `MaskError` if the masks together would take more than `MaskError.byteLimit`.
  func instances(
    of candidates: [Candidate<Box>], space: ResultSpace, threads: Int,
    mask: (Candidate<Box>) -> Mask
  ) throws(MaskError) -> [Instance] {
    let frame = ResultFrame(letterbox, space)
    let bytes = candidates.reduce(0) { $0 + pixelCount(box: $1.box) }
    let sums = candidates.isEmpty ? 0 : sumBytes
    guard bytes <= MaskError.byteLimit, sums <= MaskError.byteLimit else {
      throw .tooLarge(objects: candidates.count, bytes: max(bytes, sums))
    }
    // Each thread has the sums of an object of its own.
    let threads =
      bytes < Self.sharedBytes ? 1 : min(threads, MaskError.byteLimit / max(sums, 1))
    return Self.concurrentMap(candidates, threads: threads) { candidate in
      let mask = mask(candidate)
      var outline = Polygon()
      if space != .letterbox {
        guard !mask.isEmpty || form == .probabilities else { return nil }
        outline = sourceOutline(mask)
      }
      return Instance(
        classIndex: candidate.classIndex, confidence: candidate.confidence,
        geometry: .mask(frame.box(candidate.box), mask, outline: outline))
    }
  }

  /// The pixels of masks from which on a second thread pays for its start.
  private static let sharedBytes = 1 << 16

  /// Returns the candidates transformed, in their order, nil left out.
  private static func concurrentMap(
    _ candidates: [Candidate<Box>], threads: Int,
    _ transform: (Candidate<Box>) -> Instance?
  ) -> [Instance] {
    let parts = min(threads, candidates.count)
    guard parts > 1 else { return candidates.compactMap(transform) }
    return withoutActuallyEscaping(transform) { transform in
      let work = Work(count: candidates.count, transform: transform)
      DispatchQueue.concurrentPerform(iterations: parts) { _ in
        while true {
          let index = work.next.add(1, ordering: .relaxed).oldValue
          guard index < candidates.count else { return }
          work.results[index] = work.transform(candidates[index])
        }
      }
      return work.results.compactMap { $0 }
    }
  }

  /// What threads share: each takes the next index, and writes the result there.
  ///
  /// `transform` only reads the head's outputs, which nobody writes meanwhile.
  private final class Work: @unchecked Sendable {
    let next = Atomic<Int>(0)
    let results: UnsafeMutableBufferPointer<Instance?>
    let transform: (Candidate<Box>) -> Instance?

    init(count: Int, transform: @escaping (Candidate<Box>) -> Instance?) {
      // SAFETY: initialized here and released in `deinit`; each index is written by one thread.
      results = .allocate(capacity: count)
      results.initialize(repeating: nil)
      self.transform = transform
    }

    deinit {
      results.deinitialize()
      results.deallocate()
    }
  }
}

/// Which pixels a mask is made of.
package enum MaskGrid: Sendable, Hashable {
  /// Those of the letterboxed image: what Ultralytics does by default.
  case letterbox
  /// Those of the source image, the finest (`retina_masks`).
  case source
  /// Those of the prototypes, a quarter of the letterbox's each way: what evaluation compares.
  case prototypes
}

/// Why masks are not made.
package enum MaskError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The masks of so many objects would take more memory than is allowed.
  case tooLarge(objects: Int, bytes: Int)
  /// A value for each pixel of the image would take more memory than is allowed.
  case mapTooLarge(bytes: Int)

  /// The maximum number of bytes of an image's masks; each takes a byte for each pixel of its box.
  package static let byteLimit = 2 << 30

  /// One sentence for a person.
  package var description: String {
    switch self {
    case .tooLarge(let objects, let bytes):
      "the masks of \(objects) objects would take \(bytes >> 20) MiB; the limit is "
        + "\(Self.byteLimit >> 20) MiB: lower max_det, raise conf, or leave retina_masks out"
    case .mapTooLarge(let bytes):
      "the values of all pixels would take \(bytes >> 20) MiB; the limit is "
        + "\(Self.byteLimit >> 20) MiB: scale the image down"
    }
  }
}
