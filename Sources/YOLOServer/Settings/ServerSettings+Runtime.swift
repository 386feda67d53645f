#if Server
import YOLO
import YOLOKernels

extension ServerSettings {
  /// How models are run: with all processors for one inference, unless a number is set.
  ///
  /// Several inferences at once share the processors: a thread of one works while another of it waits.
  var runtimeOptions: RuntimeOptions {
    RuntimeOptions(
      backend: backend, instructionSet: instructionSet,
      threads: threads > 0 ? threads : Processors.usable)
  }
}
#endif
