// swift-tools-version: 6.2
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

/// A product that only the trait Server needs.
func serverProduct(_ name: String, _ package: String) -> Target.Dependency {
  .product(name: name, package: package, condition: .when(traits: ["Server"]))
}

let package = Package(
  name: "swift-yolo",
  products: [
    .library(name: "YOLO", targets: ["YOLO"]),
    .library(name: "YOLOImageIO", targets: ["YOLOImageIO"]),
    // Draws results on images.
    .library(name: "YOLODrawing", targets: ["YOLODrawing"]),
    // Looks inside a model: images of what its modules give, where two models diverge.
    .library(name: "YOLOInspection", targets: ["YOLOInspection"]),
    // How good a model is on a dataset, as figures.
    .library(name: "YOLOEvaluation", targets: ["YOLOEvaluation", "YOLOMetrics", "YOLODatasets"]),
    // Figures and inspections as SVG.
    .library(name: "YOLOPlot", targets: ["YOLOPlot"]),
    .library(name: "YOLOTesting", targets: ["YOLOTesting"]),
    // A network of one's own on the kernels; what Benchmarks/ measures layers with.
    .library(name: "YOLOGraph", targets: ["YOLOGraph", "YOLOKernels", "YOLOTensor"]),
    .executable(name: "yolo", targets: ["YOLOCommand"]),
  ],
  traits: [
    .trait(name: "BLAS", description: "The blas backend, on OpenBLAS (libopenblas0)."),
    .trait(name: "Server", description: "yolo serve and yolo keys: the HTTP API, on Hummingbird."),
    .default(enabledTraits: ["BLAS", "Server"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    // From here on: of the trait Server alone.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "JSONText", swiftSettings: settings),
    .target(name: "YOLOSystem", swiftSettings: settings),
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
    .target(
      name: "YOLOWeights", dependencies: ["JSONText", "YOLOGeometry", "YOLOSystem"],
      swiftSettings: settings),
    .target(
      name: "YOLOModels",
      dependencies: ["YOLOGeometry", "YOLOGraph", "YOLOKernels", "YOLOWeights"],
      swiftSettings: settings),
    .target(name: "YOLOGeometry", swiftSettings: settings),
    .target(
      name: "YOLOImage", dependencies: ["YOLOGeometry", "YOLOSystem"], swiftSettings: settings),
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
    .target(
      name: "YOLOImageIO",
      dependencies: ["YOLOSystem", "YOLOGeometry", "YOLOImage", "CJPEG", "CPNG", "CWebP"],
      swiftSettings: settings),
    .target(
      name: "YOLOPostprocess", dependencies: ["JSONText", "YOLOGeometry", "YOLOTensor"],
      swiftSettings: settings),
    .target(
      name: "YOLODrawing",
      dependencies: ["YOLOGeometry", "YOLOImage", "YOLOPostprocess", "YOLOSystem"],
      exclude: ["Text/Inter-OFL.txt"], swiftSettings: settings),
    .target(
      name: "YOLOOptions", dependencies: ["YOLOGeometry", "YOLOSystem"], swiftSettings: settings),
    .target(name: "YOLOMetrics", dependencies: ["YOLOGeometry"], swiftSettings: settings),
    .target(
      name: "YOLODatasets", dependencies: ["JSONText", "YOLOGeometry", "YOLOSystem"],
      swiftSettings: settings),
    .target(
      name: "YOLO",
      dependencies: [
        "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOKernels", "YOLOModels", "YOLOOptions",
        "YOLOPostprocess", "YOLOTensor", "YOLOWeights",
      ],
      swiftSettings: settings),
    .target(
      name: "YOLOInspection",
      dependencies: [
        "YOLOSystem",
        "JSONText", "YOLO", "YOLODrawing", "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOKernels", "YOLOModels",
        "YOLOOptions", "YOLOPostprocess", "YOLOTensor", "YOLOWeights",
      ],
      swiftSettings: settings),
    .target(
      name: "YOLOVerification",
      dependencies: [
        "YOLOSystem",
        "JSONText", "YOLO", "YOLODatasets", "YOLOGeometry", "YOLOImage", "YOLOImageIO",
        "YOLOInspection", "YOLOMetrics", "YOLOModels", "YOLOOptions", "YOLOPostprocess",
        "YOLOTensor",
        "YOLOWeights",
      ],
      swiftSettings: settings),
    .target(
      name: "YOLOEvaluation",
      dependencies: [
        "YOLO", "YOLODatasets", "YOLOGeometry", "YOLOImage", "YOLOImageIO", "YOLOMetrics",
        "YOLOModels", "YOLOOptions", "YOLOPostprocess",
      ],
      swiftSettings: settings),
    .target(
      name: "YOLOPlot",
      dependencies: [
        "YOLOGeometry", "YOLOGraph", "YOLOInspection", "YOLOMetrics", "YOLOPostprocess",
        "YOLOSystem",
      ],
      swiftSettings: settings),
    .target(
      name: "YOLOTesting",
      dependencies: [
        "YOLO", "YOLODatasets", "YOLOPostprocess", "YOLOVerification",
      ],
      swiftSettings: settings),
    .target(
      name: "YOLOVideo",
      dependencies: [
        "YOLOSystem",
        "JSONText", "YOLOGeometry", "YOLOImage",
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      swiftSettings: settings),
    .target(
      name: "YOLOServerOptions", dependencies: ["YOLOGraph", "YOLOKernels", "YOLOOptions"],
      swiftSettings: settings),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(
      name: "YOLOServer",
      dependencies: [
        "YOLOSystem",
        "JSONText", "YOLO", "YOLOGeometry", "YOLOImage", "YOLOImageIO", "YOLOKernels",
        "YOLOPostprocess",
        "YOLOServerOptions", "YOLOOptions", "YOLOVideo", "YOLOWeights",
        serverProduct("Hummingbird", "hummingbird"),
        serverProduct("HummingbirdCore", "hummingbird"),
        serverProduct("GRDB", "GRDB.swift"),
        .target(name: "CCrypto", condition: .when(traits: ["Server"])),
        serverProduct("HTTPTypes", "swift-http-types"),
        serverProduct("Logging", "swift-log"),
        serverProduct("Metrics", "swift-metrics"),
        serverProduct("NIOCore", "swift-nio"),
        serverProduct("NIOHTTP1", "swift-nio"),
        serverProduct("NIOHTTPTypes", "swift-nio-extras"),
        serverProduct("NIOPosix", "swift-nio"),
        serverProduct("ServiceLifecycle", "swift-service-lifecycle"),
      ],
      exclude: ["Serving.md"], resources: [.embedInCode("Page/index.html")],
      swiftSettings: settings),
    .executableTarget(
      name: "YOLOCommand",
      dependencies: [
        "JSONText", "YOLO", "YOLODrawing", "YOLODatasets", "YOLOEvaluation", "YOLOGeometry", "YOLOGraph",
        "YOLOImage", "YOLOImageIO", "YOLOInspection", "YOLOKernels", "YOLOMetrics", "YOLOModels",
        "YOLOOptions", "YOLOPlot", "YOLOPostprocess", "YOLOServerOptions", "YOLOSystem",
        "YOLOTensor",
        "YOLOVerification", "YOLOVideo", "YOLOWeights",
        .target(name: "YOLOServer", condition: .when(traits: ["Server"])),
        serverProduct("Logging", "swift-log"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "InferenceProbe",
      dependencies: ["YOLO", "YOLOGraph", "YOLOImage", "YOLOKernels", "YOLOOptions"],
      path: "Tests/InferenceProbe", swiftSettings: settings,
      linkerSettings: [
        .unsafeFlags([
          "-Xlinker", "--defsym=malloc=countedMalloc", "-Xlinker", "--defsym=free=countedFree",
          "-Xlinker", "--export-dynamic",
        ])
      ]),
    .target(name: "YOLOTestSupport", path: "Tests/YOLOTestSupport", swiftSettings: settings),
    .target(
      name: "CheckpointFuzzing",
      dependencies: [
        "JSONText", "YOLO", "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOKernels", "YOLOModels",
        "YOLOTestSupport", "YOLOOptions", "YOLOWeights",
      ],
      path: "Tests/CheckpointFuzzing", swiftSettings: settings),
    .executableTarget(
      name: "StructureFuzz", dependencies: ["CheckpointFuzzing"], path: "Tests/StructureFuzz",
      swiftSettings: settings),
    .testTarget(
      name: "YOLOSystemTests", dependencies: ["YOLOSystem"],
      swiftSettings: settings),
    .testTarget(
      name: "JSONTextTests", dependencies: ["JSONText"], swiftSettings: settings),
    .testTarget(
      name: "YOLOWeightsTests",
      dependencies: [
        "JSONText", "YOLOGeometry", "YOLOSystem", "YOLOTestSupport", "YOLOWeights",
      ],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(
      name: "YOLOGeometryTests", dependencies: ["YOLOGeometry", "YOLOTestSupport"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOImageTests", dependencies: ["YOLOGeometry", "YOLOImage", "YOLOTestSupport"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLODrawingTests",
      dependencies: ["YOLODrawing", "YOLOGeometry", "YOLOImage", "YOLOTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOImageIOTests",
      dependencies: ["YOLOGeometry", "YOLOImage", "YOLOImageIO", "YOLOTestSupport"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOTests",
      dependencies: [
        "YOLOSystem",
        "YOLO", "YOLOGraph", "YOLOImage", "YOLOImageIO", "YOLOKernels", "YOLOModels",
        "YOLOOptions", "YOLOTensor", "YOLOTestSupport", "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOCommandTests", dependencies: ["YOLOCommand", "YOLOOptions", "YOLOTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOInspectionTests",
      dependencies: [
        "JSONText", "YOLO", "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOImageIO", "YOLOKernels",
        "YOLOInspection", "YOLOPlot", "YOLOPostprocess", "YOLOTensor", "YOLOTestSupport",
        "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ExampleTests",
      dependencies: [
        "YOLO", "YOLODrawing", "YOLOImageIO", "YOLOInspection", "YOLOModels", "YOLOOptions", "YOLOPlot",
        "YOLOTesting", "YOLOVerification",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOVideoTests",
      dependencies: ["YOLOGeometry", "YOLOImage", "YOLOVideo", "YOLOTestSupport"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOServerTests",
      dependencies: [
        "JSONText", "YOLO", "YOLOGeometry", "YOLOImage", "YOLOImageIO", "YOLOKernels",
        "YOLOPostprocess",
        "YOLOServer", "YOLOServerOptions",
        "YOLOOptions", "YOLOTestSupport", "YOLOVideo", "YOLOWeights",
        serverProduct("Hummingbird", "hummingbird"),
        serverProduct("HummingbirdCore", "hummingbird"),
        serverProduct("GRDB", "GRDB.swift"),
        serverProduct("HTTPTypes", "swift-http-types"),
        serverProduct("Logging", "swift-log"),
        serverProduct("Metrics", "swift-metrics"),
        serverProduct("NIOCore", "swift-nio"),
        serverProduct("NIOHTTPTypes", "swift-nio-extras"),
        serverProduct("NIOPosix", "swift-nio"),
        serverProduct("ServiceLifecycle", "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOPostprocessTests",
      dependencies: [
        "JSONText", "YOLOGeometry", "YOLOPostprocess", "YOLOTensor", "YOLOTestSupport",
      ],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOOptionsTests",
      dependencies: ["YOLOGeometry", "YOLOOptions", "YOLOTestSupport"], swiftSettings: settings),
    .testTarget(
      name: "YOLOMetricsTests",
      dependencies: ["YOLOGeometry", "YOLOMetrics", "YOLOTestSupport"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOEvaluationTests",
      dependencies: [
        "YOLO", "YOLODatasets", "YOLOEvaluation", "YOLOGeometry", "YOLOImage", "YOLOImageIO",
        "YOLOMetrics", "YOLOOptions", "YOLOPostprocess", "YOLOTestSupport",
      ],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOPlotTests", dependencies: ["YOLOMetrics", "YOLOPlot", "YOLOTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOVerificationTests",
      dependencies: [
        "JSONText", "YOLO", "YOLODatasets", "YOLOGeometry", "YOLOGraph", "YOLOImageIO",
        "YOLOInspection", "YOLOKernels", "YOLOOptions", "YOLOPostprocess", "YOLOTensor",
        "YOLOSystem", "YOLOTestSupport", "YOLOVerification", "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOTestingTests",
      dependencies: [
        "YOLO", "YOLODatasets", "YOLOGeometry", "YOLOImageIO", "YOLOPostprocess",
        "YOLOTesting",
        "YOLOVerification", "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLODatasetsTests",
      dependencies: [
        "YOLODatasets", "YOLOEvaluation", "YOLOGeometry", "YOLOMetrics", "YOLOTestSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOKernelsTests", dependencies: ["YOLOKernels", "YOLOTensor", "YOLOTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOModelsTests",
      dependencies: [
        "CheckpointFuzzing", "YOLO", "YOLOGraph", "YOLOModels", "YOLOTestSupport", "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOGraphTests",
      dependencies: ["YOLOGraph", "YOLOKernels", "YOLOTensor", "YOLOTestSupport"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
