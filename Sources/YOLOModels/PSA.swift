import YOLOGraph
import YOLOWeights

/// Partial self-attention (Wang et al., "YOLOv10", 2024): half of the channels passes through
/// attention and two convolutions, each added to its input.
struct PSA: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let attn: Attention
  private let ffn: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    attn = try Attention(record.child("attn", of: "Attention"))
    ffn = try Sequential(record.child("ffn", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let parts = try cv1(x).split(2, at: path)
    let b = try attn(parts[1]).adding(parts[1], at: path)
    let c = try ffn(b).adding(b, at: path)
    return try cv2(concat([parts[0], c], at: path)).named(path)
  }
}
