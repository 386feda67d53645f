import Dispatch
import Synchronization

/// Threads that share items of work.
struct Workers {
  /// The number of threads, at least 1.
  let count: Int

  init(_ count: Int) { self.count = max(count, 1) }

  /// Runs `body` once for every item below `items`, with the number of the worker that runs it.
  ///
  /// A worker runs one item at a time. Which worker gets an item is not determined: results belong to
  /// items, memory that is only worked in to workers.
  func perform(_ items: Int, _ body: (_ item: Int, _ worker: Int) -> Void) {
    let participants = min(count, items)
    guard participants > 1 else {
      var item = 0
      while item < items {
        body(item, 0)
        item += 1
      }
      return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
      // SAFETY: the call returns when all workers have; what `body` shares is as its owner says.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: participants) { worker in
        while true {
          let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard item < items else { return }
          body(item, worker)
        }
      }
    }
  }
}

/// Memory for elements of trivial types that grows to what was asked for, and stays.
final class Scratch<Element> {
  /// The first element.
  private(set) var base: UnsafeMutablePointer<Element>
  /// The number of elements that there is room for.
  private(set) var capacity = 0

  init() { base = .allocate(capacity: 1) }

  deinit { base.deallocate() }

  /// Returns the first of `count` elements, whose values are arbitrary.
  @discardableResult
  func reserve(_ count: Int) -> UnsafeMutablePointer<Element> {
    if count > capacity { resize(to: count, keeping: 0) }
    return base
  }

  /// Grows to `count` elements, of which the first `kept` stay as they are.
  func grow(to count: Int, keeping kept: Int) {
    if count > capacity { resize(to: max(count, capacity + capacity / 2), keeping: kept) }
  }

  private func resize(to count: Int, keeping kept: Int) {
    // SAFETY: `kept` elements are initialized by whoever asks to keep them; the old memory is not
    // referred to afterwards, as pointers are read anew from `base` after growing.
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: count)
    memory.update(from: base, count: kept)
    base.deallocate()
    base = memory
    capacity = count
  }
}
