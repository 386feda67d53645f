import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Factors for the channels, made of their means (Woo et al., "CBAM", 2018).
struct ChannelAttention: UnaryBlock {
  let path: String
  private let pool: AdaptiveAvgPool2d
  private let fc: Conv2d
  private let act: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    pool = try AdaptiveAvgPool2d(record.child("pool", of: "AdaptiveAvgPool2d"))
    fc = try Conv2d(record.child("fc", of: "Conv2d"))
    act = try record.child("act").activation()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let factors = try fc(pool(x)).activated(by: act, at: path + ".act").named(path + ".act")
    return try x.multiplied(by: factors, at: path).named(path)
  }
}

/// Factors for the pixels, made of the mean and the maximum of their channels (Woo et al., "CBAM",
/// 2018).
struct SpatialAttention: UnaryBlock {
  let path: String
  private let cv1: Conv2d
  private let act: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try Conv2d(record.child("cv1", of: "Conv2d"))
    act = try record.child("act").activation()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let factors = try cv1(x.channelStatistics(at: path))
      .activated(by: act, at: path + ".act").named(path + ".act")
    return try x.multiplied(by: factors, at: path).named(path)
  }
}

/// Attention to channels, then to pixels (Woo et al., "CBAM", 2018).
struct CBAM: UnaryBlock {
  let path: String
  private let channels: ChannelAttention
  private let pixels: SpatialAttention

  init(_ record: ModuleRecord) throws {
    path = record.path
    channels = try ChannelAttention(record.child("channel_attention", of: "ChannelAttention"))
    pixels = try SpatialAttention(record.child("spatial_attention", of: "SpatialAttention"))
  }

  func callAsFunction(_ x: Value) throws -> Value { try pixels(channels(x)).named(path) }
}
