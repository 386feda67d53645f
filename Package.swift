// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Settings of what computes, which is optimized in debug builds, too: without that an inference takes
/// hundreds of times as long.
///
/// Objects come out file by file, as a debug build expects them, with more than one thread only. Who
/// wants to step through these modules sets SWIFT_YOLO_UNOPTIMIZED in the environment.
let computeSettings =
  Context.environment["SWIFT_YOLO_UNOPTIMIZED"] != nil
  ? settings
  : settings + [
    .unsafeFlags(
      ["-O", "-whole-module-optimization", "-num-threads", "2"], .when(configuration: .debug))
  ]

/// Settings of tests that wait for a server: to optimize them takes longer than to run them.
let serverTestSettings = settings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

#if arch(x86_64)
let hostArchitecture = "x86_64"
#else
let hostArchitecture = "other"
#endif

/// The architecture that is compiled for.
///
/// A manifest knows this machine's only: who compiles for another names it in the environment, as
/// the compiler calls it.
let architecture = Context.environment["SWIFT_YOLO_ARCHITECTURE"] ?? hostArchitecture

/// Compiles a copy of the kernels for a wider instruction set of x86-64; for another architecture
/// the copy is the baseline's, and unused.
func vectorSettings(_ name: String, _ level: String) -> [SwiftSetting] {
  architecture == "x86_64" ? [.define(name), .unsafeFlags(["-Xcc", "-march=\(level)"])] : []
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
    // URLs, Data and LocalizedError, for programs that have Foundation anyway.
    .library(name: "YOLOFoundation", targets: ["YOLOFoundation"]),
    // Draws results on images.
    .library(name: "YOLODrawing", targets: ["YOLODrawing"]),
    // Looks inside a model: images of the outputs of its modules, where two models diverge.
    .library(name: "YOLOInspection", targets: ["YOLOInspection"]),
    // How good a model is on a dataset, as figures.
    .library(name: "YOLOEvaluation", targets: ["YOLOEvaluation", "YOLOMetrics", "YOLODatasets"]),
    // Trains networks: losses, optimizers, the data of a training, the loop.
    .library(name: "YOLOTraining", targets: ["YOLOTraining", "YOLOTrainingData"]),
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
  // The directories of Sources group the targets; a test lies in Tests under the name of its own.
  targets: [
    // Runtime: files, kernels, graphs, models, and the façade.
    .target(name: "JSONText", path: "Sources/Runtime/JSONText", swiftSettings: computeSettings),
    .target(name: "YOLOSystem", path: "Sources/Runtime/YOLOSystem", swiftSettings: computeSettings),
    .target(
      name: "YOLOTensor", dependencies: ["YOLOSystem"], path: "Sources/Runtime/YOLOTensor",
      swiftSettings: computeSettings),
    .target(
      name: "KernelInterface", path: "Sources/Runtime/KernelInterface",
      swiftSettings: computeSettings),
    .target(
      name: "KernelsBaseline", dependencies: ["KernelInterface"],
      path: "Sources/Runtime/KernelsBaseline", swiftSettings: computeSettings),
    .target(
      name: "KernelsAVX2", dependencies: ["KernelInterface"], path: "Sources/Runtime/KernelsAVX2",
      swiftSettings: computeSettings + vectorSettings("AVX2", "x86-64-v3")),
    .target(
      name: "KernelsAVX512", dependencies: ["KernelInterface"],
      path: "Sources/Runtime/KernelsAVX512",
      swiftSettings: computeSettings + vectorSettings("AVX512", "x86-64-v4")),
    .target(
      name: "TrainingKernelsBaseline", dependencies: ["KernelInterface"],
      path: "Sources/Runtime/TrainingKernelsBaseline", swiftSettings: computeSettings),
    .target(
      name: "TrainingKernelsAVX2", dependencies: ["KernelInterface"],
      path: "Sources/Runtime/TrainingKernelsAVX2",
      swiftSettings: computeSettings + vectorSettings("AVX2", "x86-64-v3")),
    .target(
      name: "TrainingKernelsAVX512", dependencies: ["KernelInterface"],
      path: "Sources/Runtime/TrainingKernelsAVX512",
      swiftSettings: computeSettings + vectorSettings("AVX512", "x86-64-v4")),
    .target(
      name: "YOLOKernels",
      dependencies: [
        "KernelInterface", "KernelsAVX2", "KernelsAVX512", "KernelsBaseline",
        "TrainingKernelsAVX2", "TrainingKernelsAVX512", "TrainingKernelsBaseline", "YOLOSystem",
        "YOLOTensor",
      ], path: "Sources/Runtime/YOLOKernels",
      swiftSettings: computeSettings),
    .target(
      name: "YOLOGraph", dependencies: ["YOLOKernels", "YOLOSystem", "YOLOTensor"],
      path: "Sources/Runtime/YOLOGraph", swiftSettings: computeSettings),
    .target(
      name: "YOLOWeights",
      dependencies: ["JSONText", "YOLOGeometry", "YOLOSystem", "YOLOTensor"],
      path: "Sources/Runtime/YOLOWeights",
      swiftSettings: computeSettings),
    .target(
      name: "YOLOModels",
      dependencies: ["YOLOGeometry", "YOLOGraph", "YOLOKernels", "YOLOSystem", "YOLOWeights"],
      path: "Sources/Runtime/YOLOModels",
      swiftSettings: computeSettings),
    .target(
      name: "YOLOOptions", dependencies: ["YOLOGeometry", "YOLOSystem"],
      path: "Sources/Runtime/YOLOOptions", swiftSettings: settings),
    .target(
      name: "YOLO",
      dependencies: [
        "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOKernels", "YOLOModels", "YOLOOptions",
        "YOLOPostprocess", "YOLOSystem", "YOLOTensor", "YOLOWeights",
      ], path: "Sources/Runtime/YOLO",
      swiftSettings: computeSettings),
    .target(
      name: "YOLOFoundation", dependencies: ["YOLO", "YOLOImageIO"],
      path: "Sources/Runtime/YOLOFoundation", swiftSettings: settings),
    // Vision: images in, geometry, results, drawings.
    .target(
      name: "YOLOGeometry", dependencies: ["YOLOSystem"], path: "Sources/Vision/YOLOGeometry",
      swiftSettings: computeSettings),
    .target(
      name: "YOLOImage", dependencies: ["YOLOGeometry", "YOLOSystem"],
      path: "Sources/Vision/YOLOImage", swiftSettings: computeSettings),
    .systemLibrary(
      name: "CJPEG", path: "Sources/Vision/CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(
      name: "CPNG", path: "Sources/Vision/CPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CWebP", path: "Sources/Vision/CWebP", pkgConfig: "libwebpdemux",
      providers: [.apt(["libwebp-dev"])]),
    .target(
      name: "YOLOImageIO",
      dependencies: ["CJPEG", "CPNG", "CWebP", "YOLOGeometry", "YOLOImage", "YOLOSystem"],
      path: "Sources/Vision/YOLOImageIO",
      swiftSettings: computeSettings),
    .target(
      name: "YOLOPostprocess",
      dependencies: ["JSONText", "YOLOGeometry", "YOLOSystem", "YOLOTensor"],
      path: "Sources/Vision/YOLOPostprocess",
      swiftSettings: computeSettings),
    .target(
      name: "YOLODrawing",
      dependencies: ["YOLOGeometry", "YOLOImage", "YOLOPostprocess", "YOLOSystem"],
      path: "Sources/Vision/YOLODrawing",
      exclude: ["Text/Inter-OFL.txt"], swiftSettings: settings),
    .target(
      name: "YOLOVideo",
      dependencies: [
        "JSONText", "YOLOGeometry", "YOLOImage", "YOLOSystem",
        .product(name: "Subprocess", package: "swift-subprocess"),
      ], path: "Sources/Vision/YOLOVideo",
      swiftSettings: settings),
    // Data: datasets, metrics, the evaluation of a model.
    .target(
      name: "YOLOMetrics", dependencies: ["YOLOGeometry"], path: "Sources/Data/YOLOMetrics",
      swiftSettings: settings),
    .target(
      name: "YOLODatasets", dependencies: ["JSONText", "YOLOGeometry", "YOLOSystem"],
      path: "Sources/Data/YOLODatasets",
      swiftSettings: settings),
    .target(
      name: "YOLOEvaluation",
      dependencies: [
        "YOLO", "YOLODatasets", "YOLOGeometry", "YOLOImage", "YOLOImageIO", "YOLOMetrics",
        "YOLOModels", "YOLOOptions", "YOLOPostprocess",
      ], path: "Sources/Data/YOLOEvaluation",
      swiftSettings: settings),
    // Training: samples of datasets, losses, optimizers, the loop.
    .target(
      name: "YOLOTrainingData",
      dependencies: [
        "YOLODatasets", "YOLOGeometry", "YOLOImage", "YOLOImageIO", "YOLOOptions", "YOLOSystem",
      ], path: "Sources/Training/YOLOTrainingData",
      swiftSettings: settings),
    .target(
      name: "YOLOTraining",
      dependencies: [
        "JSONText", "YOLO", "YOLODatasets", "YOLOEvaluation", "YOLOGeometry", "YOLOGraph",
        "YOLOImage", "YOLOImageIO", "YOLOKernels", "YOLOMetrics", "YOLOModels", "YOLOOptions",
        "YOLOPlot", "YOLOPostprocess", "YOLOSystem", "YOLOTensor", "YOLOTrainingData",
        "YOLOWeights",
      ], path: "Sources/Training/YOLOTraining",
      swiftSettings: settings),
    // What a training has to do with a Platform; empty without the trait Server.
    .target(
      name: "YOLOPlatformClient",
      dependencies: [
        "JSONText", "YOLOCryptography", "YOLODatasets", "YOLOGeometry", "YOLOMetrics",
        "YOLOOutbound", "YOLOSystem", "YOLOTraining", "YOLOWeights",
      ], path: "Sources/Training/YOLOPlatformClient",
      swiftSettings: settings),
    // Inspection: looking into models and comparing them.
    .target(
      name: "YOLOInspection",
      dependencies: [
        "JSONText", "YOLO", "YOLODrawing", "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOKernels",
        "YOLOModels", "YOLOOptions", "YOLOPostprocess", "YOLOSystem", "YOLOTensor", "YOLOWeights",
      ], path: "Sources/Inspection/YOLOInspection",
      swiftSettings: settings),
    .target(
      name: "YOLOVerification",
      dependencies: [
        "JSONText", "YOLO", "YOLODatasets", "YOLOGeometry", "YOLOImage", "YOLOImageIO",
        "YOLOInspection", "YOLOMetrics", "YOLOModels", "YOLOOptions", "YOLOPostprocess",
        "YOLOSystem", "YOLOTensor", "YOLOWeights",
      ], path: "Sources/Inspection/YOLOVerification",
      swiftSettings: settings),
    .target(
      name: "YOLOPlot",
      dependencies: [
        "YOLODrawing", "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOInspection", "YOLOMetrics",
        "YOLOPostprocess", "YOLOSystem",
      ], path: "Sources/Inspection/YOLOPlot",
      swiftSettings: settings),
    .target(
      name: "YOLOTesting",
      dependencies: ["YOLO", "YOLODatasets", "YOLOPostprocess", "YOLOVerification"],
      path: "Sources/Inspection/YOLOTesting",
      swiftSettings: settings),
    // Server: the HTTP API.
    .target(
      name: "YOLOServerOptions",
      dependencies: ["YOLOGraph", "YOLOKernels", "YOLOOptions", "YOLOSystem"],
      path: "Sources/Server/YOLOServerOptions",
      swiftSettings: settings),
    .systemLibrary(
      name: "CCrypto", path: "Sources/Server/CCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CArchive", path: "Sources/Server/CArchive", pkgConfig: "libarchive",
      providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(
      name: "CCurl", path: "Sources/Server/CCurl", pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"])]),
    // Requests to other servers; empty without the trait Server.
    .target(
      name: "YOLOOutbound",
      dependencies: [
        "YOLOServerOptions", "YOLOSystem",
        .target(name: "CCurl", condition: .when(traits: ["Server"])),
      ], path: "Sources/Server/YOLOOutbound",
      swiftSettings: settings),
    .target(
      name: "YOLOCryptography",
      dependencies: [.target(name: "CCrypto", condition: .when(traits: ["Server"]))],
      path: "Sources/Server/YOLOCryptography", swiftSettings: settings),
    // The files of the console, copied in by the C compiler.
    .target(name: "CConsole", path: "Sources/Server/CConsole"),
    .target(
      name: "YOLOServer",
      dependencies: [
        "JSONText", "YOLO", "YOLOCryptography", "YOLODatasets", "YOLOGeometry", "YOLOImage",
        "YOLOImageIO", "YOLOKernels", "YOLOModels", "YOLOOptions", "YOLOOutbound",
        "YOLOPostprocess", "YOLOServerOptions", "YOLOSystem", "YOLOVideo", "YOLOWeights",
        serverProduct("Hummingbird", "hummingbird"),
        serverProduct("HummingbirdCore", "hummingbird"), serverProduct("GRDB", "GRDB.swift"),
        .target(name: "CArchive", condition: .when(traits: ["Server"])),
        .target(name: "CConsole", condition: .when(traits: ["Server"])),
        serverProduct("HTTPTypes", "swift-http-types"), serverProduct("Logging", "swift-log"),
        serverProduct("Metrics", "swift-metrics"), serverProduct("NIOCore", "swift-nio"),
        serverProduct("NIOHTTP1", "swift-nio"), serverProduct("NIOHTTPTypes", "swift-nio-extras"),
        serverProduct("NIOPosix", "swift-nio"),
        serverProduct("ServiceLifecycle", "swift-service-lifecycle"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ], path: "Sources/Server/YOLOServer",
      exclude: ["Page/console", "Serving.md"], resources: [.embedInCode("Page/index.html")],
      swiftSettings: settings),
    // Command: the command yolo.
    .executableTarget(
      name: "YOLOCommand",
      dependencies: [
        "JSONText", "YOLO", "YOLODatasets", "YOLODrawing", "YOLOEvaluation", "YOLOGeometry",
        "YOLOGraph", "YOLOImage", "YOLOImageIO", "YOLOInspection", "YOLOKernels", "YOLOMetrics",
        "YOLOModels", "YOLOOptions", "YOLOPlatformClient", "YOLOPlot", "YOLOPostprocess",
        "YOLOServerOptions", "YOLOSystem", "YOLOTensor", "YOLOTraining", "YOLOTrainingData",
        "YOLOVerification", "YOLOVideo", "YOLOWeights",
        .target(name: "YOLOServer", condition: .when(traits: ["Server"])),
        serverProduct("Logging", "swift-log"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/Command/YOLOCommand",
      swiftSettings: settings),
    // Tests and what they share.
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
    .executableTarget(
      name: "TrainingProbe",
      dependencies: [
        "YOLOGraph", "YOLOKernels", "YOLOModels", "YOLOSystem", "YOLOTensor", "YOLOWeights",
      ],
      path: "Tests/TrainingProbe", swiftSettings: settings),
    .target(name: "YOLOTestSupport", path: "Tests/YOLOTestSupport", swiftSettings: settings),
    .target(
      name: "CheckpointFuzzing",
      dependencies: [
        "JSONText", "YOLO", "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOKernels", "YOLOModels",
        "YOLOOptions", "YOLOTensor", "YOLOTestSupport", "YOLOWeights",
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
        "JSONText", "YOLOGeometry", "YOLOSystem", "YOLOTensor", "YOLOTestSupport", "YOLOWeights",
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
        "YOLO", "YOLOGraph", "YOLOImage", "YOLOImageIO", "YOLOKernels", "YOLOModels", "YOLOOptions",
        "YOLOSystem", "YOLOTensor", "YOLOTestSupport", "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOFoundationTests", dependencies: ["YOLOFoundation"], swiftSettings: settings),
    .testTarget(
      name: "YOLOCommandTests", dependencies: ["YOLOCommand", "YOLOOptions", "YOLOTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOInspectionTests",
      dependencies: [
        "JSONText", "YOLO", "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOImageIO",
        "YOLOInspection", "YOLOKernels", "YOLOPlot", "YOLOPostprocess", "YOLOTensor",
        "YOLOTestSupport", "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ExampleTests",
      dependencies: [
        "YOLO", "YOLODrawing", "YOLOFoundation", "YOLOImageIO", "YOLOInspection", "YOLOModels",
        "YOLOOptions", "YOLOPlot",
        "YOLOTesting", "YOLOVerification",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOVideoTests",
      dependencies: ["YOLOGeometry", "YOLOImage", "YOLOTestSupport", "YOLOVideo"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOServerTests",
      dependencies: [
        "JSONText", "YOLO", "YOLOCryptography", "YOLODatasets", "YOLOGeometry", "YOLOImage",
        "YOLOImageIO", "YOLOKernels", "YOLOOptions", "YOLOOutbound", "YOLOPostprocess",
        "YOLOServer", "YOLOServerOptions", "YOLOTestSupport", "YOLOVideo", "YOLOWeights",
        serverProduct("Hummingbird", "hummingbird"),
        serverProduct("HummingbirdCore", "hummingbird"), serverProduct("GRDB", "GRDB.swift"),
        .target(name: "CArchive", condition: .when(traits: ["Server"])),
        serverProduct("HTTPTypes", "swift-http-types"), serverProduct("Logging", "swift-log"),
        serverProduct("Metrics", "swift-metrics"), serverProduct("NIOCore", "swift-nio"),
        serverProduct("NIOHTTPTypes", "swift-nio-extras"), serverProduct("NIOPosix", "swift-nio"),
        serverProduct("ServiceLifecycle", "swift-service-lifecycle"),
      ],
      swiftSettings: serverTestSettings),
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
      name: "YOLOPlotTests",
      dependencies: [
        "YOLOGeometry", "YOLOImage", "YOLOImageIO", "YOLOMetrics", "YOLOPlot", "YOLOTestSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOVerificationTests",
      dependencies: [
        "JSONText", "YOLO", "YOLODatasets", "YOLOGeometry", "YOLOGraph", "YOLOImageIO",
        "YOLOInspection", "YOLOKernels", "YOLOOptions", "YOLOPostprocess", "YOLOSystem",
        "YOLOTensor", "YOLOTestSupport", "YOLOVerification", "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOTestingTests",
      dependencies: [
        "YOLO", "YOLODatasets", "YOLOGeometry", "YOLOImageIO", "YOLOPostprocess", "YOLOTesting",
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
      name: "YOLOTrainingDataTests",
      dependencies: [
        "YOLODatasets", "YOLOGeometry", "YOLOImage", "YOLOImageIO", "YOLOSystem",
        "YOLOTestSupport", "YOLOTrainingData",
      ],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOTrainingTests",
      dependencies: [
        "JSONText", "YOLO", "YOLOGeometry", "YOLOGraph", "YOLOImage", "YOLOKernels", "YOLOModels",
        "YOLOOptions", "YOLOSystem", "YOLOTensor", "YOLOTestSupport", "YOLOTraining",
        "YOLOTrainingData", "YOLOWeights",
      ],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "YOLOKernelsTests", dependencies: ["YOLOKernels", "YOLOTensor", "YOLOTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOModelsTests",
      dependencies: [
        "CheckpointFuzzing", "YOLO", "YOLOGraph", "YOLOModels", "YOLOSystem", "YOLOTestSupport",
        "YOLOWeights",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "YOLOGraphTests",
      dependencies: [
        "YOLOGraph", "YOLOKernels", "YOLOModels", "YOLOTensor", "YOLOTestSupport", "YOLOWeights",
      ],
      exclude: ["Training/Fixtures"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
