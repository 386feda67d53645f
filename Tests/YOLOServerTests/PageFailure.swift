#if Server
/// What went wrong between a test and the browser.
struct PageFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
#endif
