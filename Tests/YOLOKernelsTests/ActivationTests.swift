import Testing
import YOLOKernels
import YOLOTensor

/// The activation functions on every instruction set against their definitions.
@Suite struct ActivationTests {
  @Test(arguments: Activation.all)
  func holdsOverItsWholeRange(_ activation: Activation) {
    var values = stride(from: Float(-80), through: 80, by: 0.0137).map { $0 }
    values += [0, -0.0, 3, -3, 6, 1e30, .leastNonzeroMagnitude, .nan]
    for kernels in [nil] + KernelBench.sets {
      for (x, y) in zip(values, apply(activation, to: values, kernels)) {
        let exact = activation.naive(Double(x))
        // Fused products are off by a few roundings. Without them the product with log₂e is
        // rounded, which costs e⁻ˣ |x| ulp; near −3 the hard swish has the rounding of x + 3.
        let ulps =
          switch activation {
          case .silu, .sigmoid, .exponential: kernels?.instructionSet == .baseline ? 64.0 : 4.0
          default: 2.0
          }
        let bound = ulps * Double(Float(exact).ulp) + slack(of: activation, at: x, kernels)
        #expect(
          x.isNaN ? y.isNaN : abs(Double(y) - exact) <= bound,
          "\(kernels?.instructionSet.rawValue ?? "oracle") \(activation)(\(x)) = \(y)")
      }
    }
  }

  /// Returns what an activation may be off besides roundings of the result.
  private func slack(of activation: Activation, at x: Float, _ kernels: KernelSet?) -> Double {
    switch activation {
    case .hardswish: 2e-7
    case .hardsigmoid: 1e-7
    case .identity, .silu, .sigmoid, .relu, .relu6, .leakyReLU, .clamp, .softsign, .softshrink,
      .hardshrink, .threshold:
      0
    // The error of the polynomial times x.
    case .gelu: 2e-7 * Double(max(1, abs(x)))
    // Powers of e, whose argument is rounded, inside of further roundings.
    case .mish, .tanhGELU, .tanh, .softplus, .logSigmoid, .elu, .tanhshrink, .exponential,
      .adaptiveSigmoid:
      (kernels?.instructionSet == .baseline ? 4e-6 : 5e-7)
        * max(1, abs(activation.naive(Double(x))))
    }
  }

  private func apply(
    _ activation: Activation, to values: [Float], _ kernels: KernelSet?
  ) -> ArraySlice<Float> {
    let layout = ActivationLayout(
      height: 1, width: values.count, channels: 1, pixelStride: 1, border: 0)
    let step = activation.step(
      from: layout, to: layout.moved(by: values.count), kernels: kernels)
    let arena = FloatMemory(count: 2 * values.count)
    arena.base.update(from: values, count: values.count)
    step.run(item: 0, arena: arena.base, scratch: arena.base)
    return arena.values.suffix(values.count)
  }
}
