/// Placeholder.
public struct VideoLimits: Sendable {}
