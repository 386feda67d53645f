import YOLOKernels

/// A step for several images whose parts of the arena lie one after the other: the items of all
/// images may run at the same time, each as it does for one image alone.
struct BatchedStep: StepKernel {
  private let kernel: any StepKernel
  private let imageItems: Int
  private let imageStride: Int
  let name: String
  let items: Int
  let scratchCount: Int

  init(_ kernel: any StepKernel, batch: Int, imageStride: Int) {
    self.kernel = kernel
    self.imageStride = imageStride
    imageItems = kernel.items
    name = kernel.name
    items = batch * kernel.items
    scratchCount = kernel.scratchCount
  }

  func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let (image, imageItem) = item.quotientAndRemainder(dividingBy: imageItems)
    kernel.run(item: imageItem, arena: arena + image * imageStride, scratch: scratch)
  }
}
