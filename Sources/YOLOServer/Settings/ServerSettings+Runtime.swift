#if Server
import YOLOServerOptions
import YOLO
import YOLOKernels

extension ServerSettings {
  /// How models are run: with all processors for one inference, unless a number is set.
  ///
  /// Several inferences at once have a part of them each, see ``QueueTicket/threads``.
  var runtimeOptions: RuntimeOptions {
    RuntimeOptions(
      backend: backend, instructionSet: instructionSet,
      threads: threads > 0 ? threads : Processors.usable)
  }
}
#endif
