#if Server
/// A request that was received wholly, and is to be predicted.
struct PredictCall: Sendable {
  /// The form; it holds the file's reservation in the upload budget.
  let form: UploadForm
  /// What the form asks for.
  let asked: PredictRequest
  /// The model.
  let lease: ModelLease
  /// Whether anybody waits for the answer.
  let presence: DisconnectMonitor
  /// What the answer tells about itself.
  let metadata: ResponseMetadata
}
#endif
