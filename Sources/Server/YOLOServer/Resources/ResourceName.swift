#if Server
import YOLOSystem

/// What resources may be called, and how they may be described.
enum ResourceName {
  /// The maximum length of a slug in bytes.
  static let slugLimit = 128
  /// The lengths of names in Unicode scalars.
  static let nameLengths = 1...100
  /// The maximum length of a description in Unicode scalars.
  static let descriptionLimit = 1000
  /// The maximum number of tags.
  static let tagLimit = 50
  /// The slugs that no project may have: `ul://owner/datasets/x` is a dataset.
  static let reservedProjects: Set<String> = ["datasets"]

  /// Checks the name for people.
  static func check(name: String) throws(PlatformError) {
    let scalars = name.unicodeScalars
    guard nameLengths.contains(scalars.count), !name.allSatisfy(\.isWhitespace),
      !scalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      throw .invalid(
        argument: "name", given: name.excerpt(),
        expected: "1 to 100 characters without control characters, and not blank")
    }
  }

  /// Checks a slug that a request has.
  static func check(
    slug: String, _ argument: String, reserved: Set<String> = []
  ) throws(PlatformError) {
    guard slug.utf8.count <= slugLimit, OwnerName.isSlug(slug), !reserved.contains(slug) else {
      let exception =
        reserved.isEmpty ? "" : ", and not \(reserved.sorted().joined(separator: ", "))"
      throw .invalid(
        argument: argument, given: slug.excerpt(),
        expected: "1 to \(slugLimit) lower-case letters and digits with single hyphens between them"
          + exception)
    }
  }

  /// Checks text of a maximum length.
  static func check(
    _ argument: String, _ text: String?, limit: Int = descriptionLimit
  ) throws(PlatformError) {
    guard let text, text.unicodeScalars.count > limit else { return }
    throw .invalid(
      argument: argument, given: text.excerpt(), expected: "at most \(limit) characters long")
  }

  /// Checks tags.
  static func check(tags: [String]?) throws(PlatformError) {
    guard let tags else { return }
    guard tags.count <= tagLimit else {
      throw .invalid(
        argument: "tags", given: "\(tags.count) tags", expected: "at most \(tagLimit) tags")
    }
    for tag in tags { try check("tags", tag, limit: 50) }
  }

  /// Checks text of which there are only these.
  static func check(
    _ argument: String, _ text: String?, in choices: [String]
  ) throws(PlatformError) {
    guard let text, !choices.contains(text) else { return }
    throw .invalid(
      argument: argument, given: text.excerpt(),
      expected: "one of \(choices.joined(separator: ", "))")
  }

  /// Makes a slug of a name as Ultralytics' clients do; what has no letter or digit of ASCII
  /// becomes `fallback`.
  static func slug(from name: String, fallback: String) -> String {
    var slug = ""
    for character in name.lowercased().unicodeScalars {
      switch character {
      case "a"..."z", "0"..."9": slug.unicodeScalars.append(character)
      case " ", "-": if !slug.isEmpty, !slug.hasSuffix("-") { slug.append("-") }
      default: break
      }
    }
    slug = String(slug.prefix(slugLimit))
    while slug.hasSuffix("-") { slug.removeLast() }
    return slug.isEmpty ? fallback : slug
  }

  /// Returns the slug, or with the lowest of the numbers from 2 on the first that is free.
  static func free(_ slug: String, taken: Set<String>) -> String {
    guard taken.contains(slug) else { return slug }
    var number = 2
    while true {
      let candidate = numbered(slug, number)
      if !taken.contains(candidate) { return candidate }
      number += 1
    }
  }

  /// Returns a slug with a number behind it, not longer than slugs may be.
  private static func numbered(_ slug: String, _ number: Int) -> String {
    let suffix = "-\(number)"
    var stem = slug.prefix(slugLimit - suffix.utf8.count)
    while stem.hasSuffix("-") { stem.removeLast() }
    return stem + suffix
  }
}

/// Who may read a resource besides its owner.
enum Visibility: String, Sendable, Hashable, CaseIterable, Codable {
  case `private`
  case `public`
}

/// What a resource may be used for, as its owner says.
enum ResourceLicense {
  /// The licenses of projects and models.
  static let names = [
    "None", "Apache-2.0", "MIT", "BSD-3-Clause", "AGPL-3.0", "GPL-3.0", "LGPL-3.0", "MPL-2.0",
    "EUPL-1.1", "Unlicense", "CC0-1.0", "Ultralytics-Enterprise", "Other",
  ]
}

/// What a request means by an identifier, or by the names of a path.
enum ResourceLocator: Sendable, Hashable {
  /// An identifier.
  case id(String)
  /// The owner's name, and slugs from the project on.
  case path([String])

  /// As messages have it.
  var text: String {
    switch self {
    case .id(let id): id.excerpt()
    case .path(let names): names.joined(separator: "/").excerpt()
    }
  }
}

/// A part of a list.
struct Page: Sendable, Hashable {
  /// The number of the part, from 1 on.
  var number = 1
  /// The maximum number of elements.
  let limit: Int

  /// How many elements come before it.
  var offset: Int { (number - 1) * limit }
}
#endif
