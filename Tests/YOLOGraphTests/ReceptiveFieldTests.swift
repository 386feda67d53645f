import Testing
import YOLOGraph
import YOLOKernels

/// Receptive fields and work of networks that nobody would train, but a file may have.
@Suite struct ReceptiveFieldTests {
  private static func convolution(_ window: Window, channels: Int = 1) -> Convolution {
    let shape = [channels, channels, window.kernelHeight, window.kernelWidth]
    return Convolution(
      weight: Parameter(.stored("zeros"), shape: shape) { $0.update(repeating: 0) }, bias: nil,
      window: window)
  }

  @Test func hugeStridesAreNoTrouble() throws {
    let builder = GraphBuilder()
    var x = builder.input(channels: 1)
    // Padding keeps two pixels whatever the stride is: after so many layers it is beyond any
    // number.
    let window = Window(kernel: 3, stride: 64, padding: 64)
    for layer in 0..<200 {
      x = try x.convolved(by: Self.convolution(window), at: "model.\(layer)")
    }
    builder.output(x, named: "end")
    let graph = builder.build()
    let fields = graph.receptiveFields()
    #expect(fields[1] == ReceptiveField(size: 3, stride: 64))
    #expect(fields[2] == ReceptiveField(size: 3 + 2 * 64, stride: 4096))
    #expect(fields.last?.size == nil && fields.last?.stride == .infinity)
    #expect(try graph.macs(height: 32, width: 32).count == 201)
  }

  @Test func workThatCannotBeCountedIsRefused() throws {
    let builder = GraphBuilder()
    let x = builder.input(channels: 4096)
    let end = try x.convolved(
      by: Self.convolution(Window(kernel: 64, padding: 32), channels: 4096), at: "model.0")
    builder.output(end, named: "end")
    let graph = builder.build()
    #expect(try graph.macs(height: 8, width: 8).last ?? 0 > 1 << 40)
    #expect {
      try graph.macs(height: 60_000, width: 60_000)
    } throws: { error in
      guard case .limitExceeded(let path, let what, _) = error as? GraphError else { return false }
      return path == "model.0" && what == "macs"
    }
  }
}
