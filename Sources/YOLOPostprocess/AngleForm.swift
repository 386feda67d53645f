/// How a head gives the angle of an oriented box.
public enum AngleForm: Sendable, Hashable {
  /// As (sigmoid − ¼) · π, from −π/4 to 3π/4.
  case sigmoid
  /// In radians as it is (`OBB26`).
  case direct
}
