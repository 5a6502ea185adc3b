/// Every comparison, in the order in which the table shows them.
package enum Bridge {
  /// Identities first, then measurements.
  package static let comparisons: [any BridgeComparison] = identities + measurements

  /// What holds exactly.
  package static let identities: [any BridgeComparison] = [
    CellComparison(), MaskComparison(), OnlineComparison(), SinkComparison(),
    DensityComparison(), HopfieldStepComparison(), MixtureComparison(), HopfieldFlowComparison(),
    StabilityComparison(), PlasticityComparison(), PositionMotionComparison(),
    PositionSmoothnessComparison(), RidgeComparison(), EnergyTransformerComparison(),
    FrozenErrorsComparison(), CategoricalErrorComparison(), LogitFlowComparison(),
    HelmholtzComparison(), ScaleComparison(), UncertaintyWeightingComparison(),
    SoftSharingComparison(), LookupComparison(), SymmetryComparison(),
  ]

  /// What is measured.
  package static let measurements: [any BridgeComparison] = [
    ConvergenceTimeComparison(), EnergyDescentComparison(), FeedbackComparison(),
    TopDownComparison(), PosnerComparison(), HeadsComparison(), ErrorSurprisalComparison(),
    RepresentationsComparison(), LearningComparison(),
  ]

  /// The comparison of a name or a number, whatever its case.
  package static func comparison(_ name: String) -> (any BridgeComparison)? {
    comparisons.first {
      $0.name == name.lowercased() || $0.number.lowercased() == name.lowercased()
    }
  }
}
