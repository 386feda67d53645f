#if Server
import Foundation
import JSONText

/// An answer of the API, as far as equal requests have it equal.
struct PageResponse: Equatable {
  /// `results` and `shape` of each image; integers are written as JavaScript writes them.
  let images: [JSONValue]

  init(_ text: String) throws {
    guard let images = try JSONParser.parse(text)["images"]?.elements else {
      throw PageFailure("no answer: \(text.prefix(400))")
    }
    self.images = images.map { image in
      .array([image["results"] ?? .null, image["shape"] ?? .null].map(Self.normalized))
    }
  }

  /// The results of the first image.
  var results: [JSONValue] { images.first?.elements?.first?.elements ?? [] }

  /// The names of the classes of the first image's results.
  var names: [String] { results.compactMap { $0["name"]?.string } }

  /// The middle of the first edge of each box.
  var edges: [(x: Double, y: Double)] {
    results.compactMap { result in
      guard let box = result["box"], let x1 = box.number("x1"), let y1 = box.number("y1"),
        let x2 = box.number("x2"), let y2 = box.number("y2")
      else { return nil }
      return box["x4"] == nil ? (x1, (y1 + y2) / 2) : ((x1 + x2) / 2, (y1 + y2) / 2)
    }
  }

  private static func normalized(_ value: JSONValue) -> JSONValue {
    switch value {
    case .int(let number): .double(Double(number))
    case .array(let elements): .array(elements.map(normalized))
    case .object(let members):
      .object(members.map { JSONMember($0.key, normalized($0.value)) })
    case .null, .bool, .double, .string: value
    }
  }
}

extension JSONValue {
  /// The number, of whatever kind; nil if it is none.
  var number: Double? {
    if case .double(let number) = self { number } else { int.map(Double.init) }
  }

  /// The number under a name.
  fileprivate func number(_ key: String) -> Double? {
    if case .double(let number) = self[key] { number } else { nil }
  }
}
#endif
