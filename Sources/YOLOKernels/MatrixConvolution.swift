#if BLAS
  import COpenBLAS
  import KernelInterface
  package import YOLOTensor

  /// A convolution by im2col and one matrix product of OpenBLAS an item.
  package struct MatrixConvolution: StepKernel {
    package let name = "im2col sgemm"
    package let items: Int
    package let scratchCount: Int

    private let shape: ConvolutionShape
    /// [taps · input channels, output channels], then the bias.
    private let weights: AlignedStorage
    private let rowItems: RowItems
    private let pass: ActivationFunction

    /// Binds weights that `packed(weights:bias:outputChannels:inputChannels:taps:)` laid out; the
    /// activation comes from `kernels`.
    package init(
      _ shape: ConvolutionShape, weights: AlignedStorage, kernels: KernelSet, threads: Int
    ) {
      self.shape = shape
      self.weights = weights
      pass = kernels.pass(shape.activation)
      // About a thousand pixels make a product that OpenBLAS runs at full speed.
      let pixels = shape.output.height * shape.output.width
      rowItems = RowItems(rows: shape.output.height, count: max(4 * threads, pixels / 1024))
      items = rowItems.count
      let tallest = (shape.output.height + items - 1) / items
      scratchCount =
        tallest * shape.output.width
        * (shape.window.taps * shape.input.channels + shape.output.channels)
      // Dispatch splits the work; OpenBLAS must not split it again.
      openblas_set_num_threads(1)
    }

    /// Lays out weights [output, input, kernel height, kernel width] for the product.
    package static func packed(
      weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, outputChannels: Int,
      inputChannels: Int, taps: Int
    ) -> AlignedStorage {
      let depth = taps * inputChannels
      let storage = AlignedStorage(count: (depth + 1) * outputChannels)
      // SAFETY: exactly (depth + 1) · outputChannels values are written.
      for channel in 0..<outputChannels {
        for input in 0..<inputChannels {
          for tap in 0..<taps {
            storage.base[(tap * inputChannels + input) * outputChannels + channel] =
              weights[channel * depth + input * taps + tap]
          }
        }
        storage.base[depth * outputChannels + channel] = bias[channel]
      }
      return storage
    }

    package func run(
      item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
      let rows = rowItems[item]
      let input = shape.input
      let output = shape.output
      let window = shape.window
      let depth = window.taps * input.channels
      let pixels = rows.count * output.width
      output.clearBorder(rows: rows, arena: arena)
      // SAFETY: the shape's layouts lie in the arena; the scratch holds the columns of the tallest
      // item, then its products.
      var column = scratch
      for y in rows {
        for x in 0..<output.width {
          for ky in 0..<window.kernelHeight {
            let row = y * window.strideHeight - window.paddingHeight + ky * window.dilationHeight
            for kx in 0..<window.kernelWidth {
              let at = x * window.strideWidth - window.paddingWidth + kx * window.dilationWidth
              column.update(
                from: arena + (input.offset + row * input.rowStride + at * input.pixelStride),
                count: input.channels)
              column += input.channels
            }
          }
        }
      }
      cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(pixels), blasint(output.channels),
        blasint(depth), 1, scratch, blasint(depth), weights.base, blasint(output.channels), 0,
        column, blasint(output.channels))
      let bias = weights.base + depth * output.channels
      for y in rows {
        for x in 0..<output.width {
          let target = arena + (output.offset + y * output.rowStride + x * output.pixelStride)
          for channel in 0..<output.channels { target[channel] = column[channel] + bias[channel] }
          column += output.channels
        }
        let target = arena + (output.offset + y * output.rowStride)
        if let residual = shape.residual {
          let added = arena + (residual.offset + y * residual.rowStride)
          pass(
            target, output.pixelStride, added, residual.pixelStride, output.width, output.channels)
        } else if shape.activation != .identity {
          pass(target, output.pixelStride, nil, 0, output.width, output.channels)
        }
      }
    }
  }
#endif
