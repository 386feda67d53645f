import Dispatch
import YOLO
import YOLOImageIO
import YOLOOptions
import YOLOPostprocess

/// Predictions of one image file from its bytes to their JSON, measured.
struct EndToEndRun {
  /// Milliseconds of decoding, predicting and writing JSON text.
  private(set) var latencies = Measurements()

  /// Predicts `runs` times, after a few runs that are not counted.
  init(
    _ model: Model, _ bytes: [UInt8], named name: String, options: PredictOptions, runs: Int
  ) throws {
    for run in -3..<runs {
      let start = DispatchTime.now().uptimeNanoseconds
      let image = try ImageReader.decode(
        bytes, named: name, threads: model.options.threads)
      let text = try model.predictBlocking(image, options: options, source: name).jsonLine()
      let end = DispatchTime.now().uptimeNanoseconds
      // Looking at the text keeps it from being left out.
      if run >= 0, !text.isEmpty { latencies.append(Double(end - start) * 1e-6) }
    }
  }
}
