import JSONText

extension ClassScore {
  /// Writes `{"class":…,"name":…,"confidence":…}`.
  func write(to json: inout JSONWriter, name: String) {
    json.beginObject()
    json.members(classIndex: classIndex, name: name, confidence: confidence)
    json.endObject()
  }
}
