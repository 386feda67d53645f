import Testing
import YOLOGraph

@Suite("Parameter store")
struct ParameterStoreTests {
  @Test("Tensors lie one after the other, each at a multiple of 16")
  func positions() throws {
    let store = try ParameterStore([
      .init(key: "a.weight", shape: [3, 2, 3, 3], kind: .weight),
      .init(key: "a.bias", shape: [3], kind: .bias, isTrainable: false),
      .init(key: "b.running_mean", shape: [5], kind: .statistic),
    ])
    #expect(store.entries.map(\.offset) == [0, 64, 80])
    #expect(store.entries.map(\.count) == [54, 3, 5])
    #expect(store.count == 96)
    #expect(store[key: "a.bias"]?.range == 64..<67)
    #expect(store[key: "a.bias"]?.isTrainable == false)
    #expect(store[key: "c"] == nil)
  }

  @Test("Clearing the gradients leaves the values")
  func clearing() throws {
    let store = try ParameterStore([.init(key: "w", shape: [20], kind: .weight)])
    for index in 0..<20 {
      store.values[index] = Float(index)
      store.gradients[index] = 1
    }
    store.clearGradients()
    #expect((0..<20).allSatisfy { store.values[$0] == Float($0) && store.gradients[$0] == 0 })
  }
}
