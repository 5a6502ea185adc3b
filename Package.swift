// swift-tools-version: 6.2
import PackageDescription

/// One array of settings for every target, so that no module is stricter or looser than another.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A library target under `Sources/`.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A test target under `Tests/`; every one of them may use `TestSupport`.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude,
    swiftSettings: settings)
}

let package = Package(
  name: "odoroki",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "odoroki", targets: ["odoroki"]),
    .executable(name: "odoroki-bench", targets: ["odoroki-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CGSL", pkgConfig: "gsl",
      providers: [.apt(["libgsl-dev"]), .brew(["gsl"])]),
    .systemLibrary(
      name: "CNetCDF", pkgConfig: "netcdf",
      providers: [.apt(["libnetcdf-dev"]), .brew(["netcdf"])]),
    library("NetCDFFiles", ["CNetCDF"]),
    // Kernels whose speed rests on wide vectors: one file of C, compiled for several processors.
    .target(name: "CKernels"),
    library("TensorCore", ["CKernels"]),
    library("ODEEngine", ["CGSL", "TensorCore"]),
    library("ModelLanguage", ["TensorCore"]),
    library("DynamicModels", ["TensorCore", "ODEEngine"]),
    library(
      "ModelFiles",
      [
        "ModelLanguage", "DynamicModels", "TensorCore", "NetCDFFiles",
        .product(name: "Yams", package: "Yams"),
      ]),
    library("Recognition", ["DynamicModels", "ODEEngine", "TensorCore"]),
    library("Learning", ["TensorCore"]),
    library("Transformers", ["Learning", "TensorCore"]),
    library("Glossary"),
    library("Reporting", ["NetCDFFiles", "TensorCore"]),
    library(
      "AttentionBridge",
      [
        "Recognition", "Transformers", "ModelFiles", "Reporting", "DynamicModels", "ODEEngine",
        "Learning", "ModelLanguage", "TensorCore",
      ]),
    library(
      "Runs",
      [
        "AttentionBridge", "ModelFiles", "ModelLanguage", "DynamicModels", "Recognition",
        "ODEEngine", "TensorCore",
        "Transformers", "Learning", "Reporting", "Glossary",
      ]),
    .executableTarget(
      name: "odoroki",
      dependencies: [
        "Runs", "Transformers",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // The benchmark's rival, written by hand; nothing else may import it.
    .target(name: "CRival"),
    .executableTarget(
      name: "odoroki-bench",
      dependencies: [
        "CRival", "Runs", "ModelFiles", "ModelLanguage", "DynamicModels", "Recognition",
        "ODEEngine", "TensorCore", "Transformers", "Learning", "ReferenceCases",
      ],
      swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["TensorCore"], path: "Tests/TestSupport",
      resources: [.copy("Reference")], swiftSettings: settings),
    // The reference implementation's inversions as models of ours, for tests and benchmarks.
    .target(
      name: "ReferenceCases",
      dependencies: ["DynamicModels", "Recognition", "TensorCore", "TestSupport"],
      path: "Tests/ReferenceCases", swiftSettings: settings),
    tests("TensorCoreTests", ["TensorCore"]),
    tests("LearningTests", ["Learning", "TensorCore"]),
    tests("TransformersTests", ["Transformers", "Learning", "TensorCore"]),
    tests(
      "AttentionBridgeTests",
      [
        "AttentionBridge", "Recognition", "Transformers", "ModelFiles", "Reporting",
        "DynamicModels", "ODEEngine", "Learning", "ModelLanguage", "TensorCore",
      ]),
    tests("ODEEngineTests", ["ODEEngine", "TensorCore"]),
    tests("ModelLanguageTests", ["ModelLanguage", "TensorCore"]),
    tests("DynamicModelsTests", ["DynamicModels", "ODEEngine", "TensorCore"]),
    tests(
      "ModelFilesTests", ["ModelFiles", "ModelLanguage", "DynamicModels", "TensorCore"],
      exclude: ["Fixtures"]),
    tests(
      "RecognitionTests",
      [
        "Recognition", "DynamicModels", "ModelFiles", "ModelLanguage", "ODEEngine", "TensorCore",
        "ReferenceCases",
      ]),
    tests("ReportingTests", ["Reporting", "NetCDFFiles", "TensorCore"]),
    tests(
      "RunsTests",
      [
        "Runs", "ModelFiles", "ModelLanguage", "DynamicModels", "Recognition", "ODEEngine",
        "Reporting", "TensorCore", "Glossary", "Transformers", "Learning", "AttentionBridge",
      ]),
    tests("CommandTests", ["TensorCore", "odoroki"]),
  ],
  swiftLanguageModes: [.v6]
)
