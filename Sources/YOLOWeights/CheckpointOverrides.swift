/// What a safetensors file's metadata says in place of the model's attributes, so that a tool can
/// change a file's names or image size without touching its architecture.
struct CheckpointOverrides {
  /// The task, or nil.
  var task: String?
  /// Names by id.
  var names: AttributeValue
  /// A list of numbers.
  var strides: AttributeValue
  /// Height and width, or none.
  var imageSize: AttributeValue
}
