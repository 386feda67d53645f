#if Server
/// Which models are loaded at start: in order, but none that is not smaller than one that did not fit.
struct PreloadRoom {
  private var minimumRefused = Int.max

  /// Whether a model with a file of so many bytes is worth an attempt.
  func admits(_ fileBytes: Int, loaded: Int, budget: Int) -> Bool {
    fileBytes < minimumRefused && fileBytes <= budget - loaded
  }

  /// Notes that the model of a file took more memory than there was.
  mutating func refuse(_ fileBytes: Int) { minimumRefused = min(minimumRefused, fileBytes) }
}
#endif
