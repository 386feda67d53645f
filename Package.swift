// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Compiles a copy of the kernels for a wider instruction set; elsewhere than on x86-64 the copy is the
/// baseline's, and unused.
func vectorSettings(_ name: String, _ architecture: String) -> [SwiftSetting] {
  #if arch(x86_64)
    [.define(name), .unsafeFlags(["-Xcc", "-march=\(architecture)"])]
  #else
    []
  #endif
}

let package = Package(
  name: "swift-yolo",
  products: [
    .library(name: "YOLO", targets: ["YOLO"]),
    .library(name: "YOLOImageIO", targets: ["YOLOImageIO"]),
    // A network of one's own on the kernels; what Benchmarks/ measures layers with.
    .library(name: "YOLOGraph", targets: ["YOLOGraph", "YOLOKernels", "YOLOTensor"]),
    .executable(name: "yolo", targets: ["YOLOCommand"]),
  ],
  traits: [
    .trait(name: "BLAS", description: "The blas backend, on OpenBLAS (libopenblas0)."),
    .default(enabledTraits: ["BLAS"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    .target(name: "JSONText", swiftSettings: settings),
    .target(name: "YOLOTensor", swiftSettings: settings),
    .target(name: "KernelInterface", swiftSettings: settings),
    .target(name: "KernelsBaseline", dependencies: ["KernelInterface"], swiftSettings: settings),
    .target(
      name: "KernelsAVX2", dependencies: ["KernelInterface"],
      swiftSettings: settings + vectorSettings("AVX2", "x86-64-v3")),
    .target(
      name: "KernelsAVX512", dependencies: ["KernelInterface"],
      swiftSettings: settings + vectorSettings("AVX512", "x86-64-v4")),
    .target(
      name: "YOLOKernels",
      dependencies: [
        "YOLOTensor", "KernelInterface", "KernelsBaseline", "KernelsAVX2", "KernelsAVX512",
      ],
      swiftSettings: settings),
    .target(
      name: "YOLOGraph", dependencies: ["YOLOKernels", "YOLOTensor"], swiftSettings: settings),
    .target(name: "YOLOWeights", dependencies: ["JSONText"], swiftSettings: settings),
    .target(
      name: "YOLOModels", dependencies: ["YOLOGraph", "YOLOKernels", "YOLOWeights"],
      swiftSettings: settings),
    .target(name: "YOLOGeometry", swiftSettings: settings),
    .target(name: "YOLOImage", dependencies: ["YOLOGeometry"], swiftSettings: settings),
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
    .target(
      name: "YOLOImageIO", dependencies: ["YOLOGeometry", "YOLOImage", "CJPEG", "CPNG", "CWebP"],
      swiftSettings: settings),
    .target(
      name: "YOLOPostprocess", dependencies: ["JSONText", "YOLOGeometry", "YOLOTensor"],
      swiftSettings: settings),
    .target(name: "YOLOValidation", dependencies: ["YOLOGeometry"], swiftSettings: settings),
    .target(
      name: "YOLODataSet", dependencies: ["JSONText", "YOLOGeometry", "YOLOValidation"],
      swiftSettings: settings),
    .target(
      name: "YOLO",
      dependencies: [
        "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOKernels", "YOLOModels", "YOLOPostprocess",
        "YOLOTensor", "YOLOValidation", "YOLOWeights",
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "YOLOCommand",
      dependencies: [
        "JSONText", "YOLO", "YOLODataSet", "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOImageIO",
        "YOLOKernels", "YOLOModels", "YOLOPostprocess", "YOLOTensor", "YOLOValidation",
        "YOLOWeights",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "InferenceProbe",
      dependencies: ["YOLO", "YOLOGraph", "YOLOImage", "YOLOKernels", "YOLOValidation"],
      path: "Tests/InferenceProbe", swiftSettings: settings,
      linkerSettings: [
        .unsafeFlags([
          "-Xlinker", "--defsym=malloc=countedMalloc", "-Xlinker", "--defsym=free=countedFree",
          "-Xlinker", "--export-dynamic",
        ])
      ]),
    .target(name: "YOLOTestSupport", path: "Tests/YOLOTestSupport", swiftSettings: settings),
    .testTarget(
      name: "JSONTextTests", dependencies: ["JSONText"], swiftSettings: settings),
    .testTarget(
      name: "YOLOWeightsTests", dependencies: ["JSONText", "YOLOWeights", "YOLOTestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(
      name: "YOLOGeometryTests", dependencies: ["YOLOGeometry", "YOLOTestSupport"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOImageTests", dependencies: ["YOLOGeometry", "YOLOImage", "YOLOTestSupport"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOImageIOTests",
      dependencies: ["YOLOGeometry", "YOLOImage", "YOLOImageIO", "YOLOTestSupport"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOTests",
      dependencies: [
        "YOLO", "YOLOGraph", "YOLOImage", "YOLOImageIO", "YOLOKernels", "YOLOModels",
        "YOLOTensor", "YOLOTestSupport", "YOLOValidation", "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOCommandTests", dependencies: ["YOLOCommand", "YOLOTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOPostprocessTests",
      dependencies: [
        "JSONText", "YOLOGeometry", "YOLOPostprocess", "YOLOTensor", "YOLOTestSupport",
      ],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOValidationTests",
      dependencies: ["YOLOGeometry", "YOLOTestSupport", "YOLOValidation"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLODataSetTests",
      dependencies: ["YOLODataSet", "YOLOGeometry", "YOLOTestSupport", "YOLOValidation"],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOKernelsTests", dependencies: ["YOLOKernels", "YOLOTensor", "YOLOTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOGraphTests",
      dependencies: ["YOLOGraph", "YOLOKernels", "YOLOTensor", "YOLOTestSupport"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
