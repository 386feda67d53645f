// swift-tools-version: 6.3
import PackageDescription

// A service as others would write it: it depends on the package as a user does, without its traits.
let package = Package(
  name: "embedding-service",
  dependencies: [.package(name: "swift-yolo", path: "../..", traits: [])],
  targets: [
    .executableTarget(
      name: "EmbeddingService",
      dependencies: [
        .product(name: "YOLO", package: "swift-yolo"),
        .product(name: "YOLOImageIO", package: "swift-yolo"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
