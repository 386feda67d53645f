/// placeholder
public struct VideoLimits: Sendable {}
