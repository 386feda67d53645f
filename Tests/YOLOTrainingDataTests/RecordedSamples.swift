import Foundation
import YOLOGeometry
import YOLOTrainingData

/// Samples of Ultralytics with the numbers that they were made of; see
/// Tools/training/data_fixtures.py, which makes them anew.
struct RecordedSamples: Decodable {
  struct Case: Decodable {
    let name: String
    let task: String
    let set: String
    let options: Options
    let order: [String]
    let samples: [Sample]
  }

  struct Sample: Decodable {
    let file: String
    let width: Int
    let height: Int
    let draws: [Double]
    let classes: [Int]
    let boxes: [[Float]]
    let keypoints: [[Float]]?
    let masks: [UInt16]?
    let semantic: [Int32]?
  }

  struct Options: Decodable {
    var degrees: Double?
    var shear: Double?
    var perspective: Double?
    var translate: Double?
    var scale: Scale?
    var flipud: Double?
    var fliplr: Double?
    var bgr: Double?
    var mosaic: Double?
    var mixup: Double?
    var cutmix: Double?
    var copy_paste: Double?
    var copy_paste_mode: String?
    var hsv_h: Double?
    var hsv_s: Double?
    var hsv_v: Double?
    var rect: Bool?
    var overlap_mask: Bool?
    var mask_ratio: Int?

    enum Scale: Decodable {
      case gain(Double)
      case bounds(Double, Double)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let gain = try? container.decode(Double.self) {
          self = .gain(gain)
        } else {
          let pair = try container.decode([Double].self)
          self = .bounds(pair[0], pair[1])
        }
      }
    }

    var settings: AugmentationSettings {
      var settings = AugmentationSettings()
      settings.degrees = degrees ?? settings.degrees
      settings.shear = shear ?? settings.shear
      settings.perspective = perspective ?? settings.perspective
      settings.translate = translate ?? settings.translate
      switch scale {
      case .gain(let gain): settings.scale = AugmentationSettings.scaleBounds(gain: gain)
      case .bounds(let low, let high): settings.scale = low...high
      case nil: break
      }
      settings.flipVertical = flipud ?? settings.flipVertical
      settings.flipHorizontal = fliplr ?? settings.flipHorizontal
      settings.exchangeRedBlue = bgr ?? settings.exchangeRedBlue
      settings.mosaic = rect == true ? 0 : mosaic ?? settings.mosaic
      settings.mixup = mixup ?? settings.mixup
      settings.cutmix = cutmix ?? settings.cutmix
      settings.copyPaste = copy_paste ?? settings.copyPaste
      settings.copyPasteMode = copy_paste_mode == "mixup" ? .mixup : .flip
      settings.hue = hsv_h ?? settings.hue
      settings.saturation = hsv_s ?? settings.saturation
      settings.value = hsv_v ?? settings.value
      return settings
    }

    var masks: MaskSettings {
      MaskSettings(isOverlapping: overlap_mask ?? true, ratio: mask_ratio ?? 4)
    }
  }

  /// Samples for classification.
  struct Policy: Decodable {
    struct Sample: Decodable {
      let file: String
      let draws: [Double]
    }

    struct Options: Decodable {
      var hsv_h: Double?
      var hsv_s: Double?
      var hsv_v: Double?
      var vflip: Double?
    }

    let name: String
    let policy: String?
    let options: Options
    let samples: [Sample]
  }

  let size: Int
  let cases: [Case]
  let policies: [Policy]?

  /// The directory of the fixtures, or another one for a longer look.
  static var directory: String {
    ProcessInfo.processInfo.environment["YOLO_DATA_FIXTURES"]
      ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path
  }

  static func load() throws -> RecordedSamples {
    let data = try Data(contentsOf: URL(filePath: directory + "/samples.json"))
    return try JSONDecoder().decode(RecordedSamples.self, from: data)
  }
}
