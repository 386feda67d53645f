// swift-tools-version: 6.3
import PackageDescription

let package = Package(
  name: "swift-yolo-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "swift-yolo", path: ".."),
    // Without traits it needs no allocator of its own; its counts of allocations then read 0.
    .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Speed",
      dependencies: [
        .product(name: "YOLO", package: "swift-yolo"),
        .product(name: "YOLOGraph", package: "swift-yolo"),
        .product(name: "YOLOImageIO", package: "swift-yolo"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/Speed",
      exclude: ["layers.json", "operations.json"],
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
