import YOLOKernels

/// A step for several images whose parts of the arena lie one after the other: the items of all
/// images may run at the same time, each as it does for one image alone.
struct BatchedStep: StepKernel {
  private let kernel: any StepKernel
  private let imageItems: Int
  private let imageStrideBytes: Int
  let name: String
  let items: Int
  let scratchBytes: Int

  init(_ kernel: any StepKernel, batch: Int, imageStrideBytes: Int) {
    self.kernel = kernel
    self.imageStrideBytes = imageStrideBytes
    imageItems = kernel.items
    name = kernel.name
    items = batch * kernel.items
    scratchBytes = kernel.scratchBytes
  }

  func run(item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
    let (image, imageItem) = item.quotientAndRemainder(dividingBy: imageItems)
    kernel.run(item: imageItem, arena: arena + image * imageStrideBytes, scratch: scratch)
  }
}
