import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor

/// Which kernel the cost model picks, and how the limit on weights is kept.
@Suite struct ConvolutionChoiceTests {
  private func shape(
    _ input: Int, _ output: Int, side: Int, kernel: Int = 3, stride: Int = 1, groups: Int = 1
  ) -> ConvolutionShape {
    let window = Window(kernel: kernel, stride: stride, padding: kernel / 2)
    let outputSize = window.outputSize(height: side, width: side)
    let source = ActivationLayout(
      height: side, width: side, channels: input, pixelStride: input, border: window.border)
    let target = ActivationLayout(
      height: outputSize.height, width: outputSize.width, channels: output, pixelStride: output,
      border: 0)
    return ConvolutionShape(
      input: source, output: target.moved(by: source.elementCount), window: window,
      activation: .silu,
      groups: groups)
  }

  private func choice(limit: Int) -> ConvolutionChoice {
    ConvolutionChoice(instructionSet: .avx512, weightLimit: limit)
  }

  @Test func picksByWhatIsToBeDone() {
    let methods = choice(limit: .max).methods(for: [
      shape(64, 64, side: 80), shape(64, 64, side: 80, kernel: 1),
      shape(64, 64, side: 80, groups: 64), shape(3, 16, side: 320),
      shape(64, 128, side: 80, stride: 2), shape(512, 512, side: 8, stride: 2),
    ])
    // A first layer has too few channels; in the last one reading 81 planes of weights for a single
    // tile costs more than its products save.
    #expect(
      methods == [
        .winograd(.unitStride, .avx512), .direct, .depthwise, .direct,
        .winograd(.strideTwo, .avx512), .direct,
      ])
  }

  @Test func theBestForTheirBytesGetTheMemory() {
    // The same products, but the first has sixteen times the weights of the second.
    let shapes = [shape(256, 256, side: 20), shape(64, 64, side: 80)]
    let bytes = shapes.map {
      ConvolutionMethod.winograd(.unitStride, .avx512).work(of: $0, lanes: 16).weightBytes
    }
    #expect(bytes == [36 * 256 * 256 * 4, 36 * 64 * 64 * 4])
    let winograd = ConvolutionMethod.winograd(.unitStride, .avx512)
    #expect(choice(limit: bytes[0] + bytes[1]).methods(for: shapes) == [winograd, winograd])
    #expect(choice(limit: bytes[0]).methods(for: shapes) == [.direct, winograd])
    #expect(choice(limit: bytes[1] - 1).methods(for: shapes) == [.direct, .direct])
    #expect(choice(limit: 0).methods(for: shapes) == [.direct, .direct])
  }

  @Test func narrowVectorsServeFewChannels() {
    let methods = choice(limit: .max).methods(for: [
      shape(16, 8, side: 160), shape(64, 64, side: 80), shape(8, 8, side: 160),
    ])
    #expect(
      methods == [
        .winograd(.unitStride, .avx2), .winograd(.unitStride, .avx512),
        .winograd(.unitStride, .avx2),
      ])
  }

  @Test func theModelKnowsWhatIsSaved() {
    let shape = shape(64, 64, side: 80)
    let direct = ConvolutionMethod.direct.work(of: shape, lanes: 16)
    let winograd = ConvolutionMethod.winograd(.unitStride, .avx512).work(of: shape, lanes: 16)
    // 36 products for 16 outputs against 144; four times the weights of nine taps.
    #expect(direct.products == 4 * winograd.products)
    #expect(winograd.weightBytes == 4 * direct.weightBytes)
    #expect(direct.pixels == winograd.pixels)
    let strided = self.shape(64, 64, side: 80, stride: 2)
    let form = ConvolutionMethod.winograd(.strideTwo, .avx512).work(of: strided, lanes: 16)
    #expect(
      144 * form.products == 81 * ConvolutionMethod.direct.work(of: strided, lanes: 16).products)
  }
}
