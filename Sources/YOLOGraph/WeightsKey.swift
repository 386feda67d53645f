/// Where a convolution's weights come from: its packed forms are stored under this.
///
/// Indices of nodes change when a graph is rewritten; this does not, so that all plans of a network
/// find the same weights.
package struct WeightsKey: Sendable, Hashable {
  /// The nodes of the traced graph whose output channels follow each other.
  var nodes: [Int]
  /// The runs of input channels that are left, or nil for all.
  var inputs: [Range<Int>]?
}
