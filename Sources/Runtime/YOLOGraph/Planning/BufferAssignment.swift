/// Which buffer each value lives in, and from which channel on.
///
/// Concatenation and slicing move no data where aliasing can do it: the inputs of a concatenation
/// are written straight into their channels of its buffer, and a slice reads its channels of its
/// input's buffer.
package struct BufferAssignment: Sendable {
  /// A run of channels of a buffer.
  package struct Location: Sendable, Equatable {
    /// The node that names the buffer.
    package var buffer: Int
    /// The first channel in the buffer.
    package var channel: Int
  }

  /// Where each node's value is.
  package let locations: [Location]
  /// Inputs of concatenations that must be copied because they already live elsewhere:
  /// the concatenation, the input, and its first channel in the concatenation.
  package let copies: [(concatenation: Int, input: Int, channel: Int)]

  /// Assigns the values of a graph to buffers.
  package init(_ graph: Graph) {
    let nodes = graph.nodes
    // A node's parent is where it lies inside another; a buffer is its own parent.
    var parents = nodes.indices.map { Location(buffer: $0, channel: 0) }
    var copies = [(concatenation: Int, input: Int, channel: Int)]()

    func locate(_ node: Int) -> Location {
      var location = Location(buffer: node, channel: 0)
      while parents[location.buffer].buffer != location.buffer {
        let parent = parents[location.buffer]
        location = Location(buffer: parent.buffer, channel: location.channel + parent.channel)
      }
      return location
    }

    for (index, node) in nodes.enumerated() {
      switch node.operation {
      case .slice(let range):
        parents[index] = Location(buffer: node.inputs[0], channel: range.lowerBound)
      case .concatenate:
        // The inputs, each with its channels here and its present location.
        var start = 0
        let parts = node.inputs.map { input in
          let channels = start..<start + nodes[input].channels
          start = channels.upperBound
          return (input: input, channels: channels, location: locate(input))
        }
        var moved = Set<Int>()
        for part in parts {
          let buffer = part.location.buffer
          if buffer == index {
            // Its buffer moved in with an earlier part; it fits if it came to lie here.
            if locate(part.input).channel == part.channels.lowerBound { continue }
          } else if !moved.contains(buffer) {
            // The whole buffer moves in, if all of it is made of parts that then lie right.
            let origin = part.channels.lowerBound - part.location.channel
            let channels = origin..<origin + nodes[buffer].channels
            let covered = parts.filter { $0.location.buffer == buffer }
              .filter { $0.channels.lowerBound - $0.location.channel == origin }
            var next = channels.lowerBound
            for other in covered where other.channels.lowerBound == next {
              next = other.channels.upperBound
            }
            if origin >= 0, next == channels.upperBound {
              parents[buffer] = Location(buffer: index, channel: origin)
              moved.insert(buffer)
              continue
            }
          } else if locate(part.input)
            == Location(buffer: index, channel: part.channels.lowerBound)
          {
            continue
          }
          copies.append((index, part.input, part.channels.lowerBound))
        }
      default: break
      }
    }
    locations = nodes.indices.map { locate($0) }
    self.copies = copies
  }
}
