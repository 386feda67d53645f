#if Server
import GRDB
import YOLOSystem

/// An owner of keys and resources.
package struct Account: Sendable, Hashable, Identifiable {
  /// The identifier: `account_` and 24 hexadecimal digits.
  package let id: String
  /// The name in paths and addresses.
  package let username: String
  /// The name for people.
  package let name: String
  /// What it has subscribed to.
  package let plan: Plan
  /// What it may do: the limits of its plan, or those agreed with it.
  package var limits: PlanLimits
  /// When it was created, in seconds since 1970.
  package let created: Int
}

/// A row of the table of accounts.
struct AccountRow: Decodable, FetchableRecord {
  let id: String
  let username: String
  let name: String
  let plan: Plan
  let callsPerMinute: Int?
  let callsPerDay: Int?
  let created: Int

  /// The account.
  var account: Account {
    var limits = plan.limits
    if let callsPerMinute { limits.callsPerMinute = callsPerMinute }
    if let callsPerDay { limits.callsPerDay = callsPerDay }
    return Account(
      id: id, username: username, name: name, plan: plan, limits: limits, created: created)
  }
}

/// The names that owners may have.
package enum OwnerName {
  /// The numbers of characters.
  static let lengths = 4...32
  /// The names that paths of the server begin with.
  static let reserved: Set<String> = [
    "api", "storage", "datasets", "models", "projects", "settings", "explore", "docs", "predict",
    "metrics", "healthz", "readyz", "v1", "openapi",
  ]

  /// Whether a text consists of lower-case letters and digits, with single hyphens between them.
  static func isSlug(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      } && !text.hasPrefix("-") && !text.hasSuffix("-") && !text.contains("--")
  }

  /// Whether an owner may have a name.
  static func accepts(_ name: String) -> Bool {
    lengths.contains(name.utf8.count) && isSlug(name) && !reserved.contains(name)
  }

  /// Checks a name.
  ///
  /// - Throws: `PlatformError.invalid` for one that no owner may have.
  static func check(_ name: String) throws(PlatformError) {
    guard accepts(name) else {
      throw .invalid(
        argument: "username", given: name.excerpt(),
        expected:
          "\(lengths.lowerBound) to \(lengths.upperBound) lower-case letters and digits with "
          + "single hyphens between them, and none of \(reserved.sorted().joined(separator: ", "))")
    }
  }
}

/// Identifiers of resources: a prefix and 24 hexadecimal digits, of which the first 8 are the time,
/// so that they sort by age.
enum ResourceID {
  /// Creates an identifier that nothing has had before.
  static func new(_ prefix: String, now: Int) -> String {
    func digits(_ value: UInt64, _ count: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let seconds = UInt64(UInt32(truncatingIfNeeded: now))
    return prefix + digits(seconds, 8) + digits(UInt64.random(in: .min ... .max), 16)
  }

  /// Creates an identifier without a prefix that comes after those of lower numbers.
  static func numbered(_ number: Int, now: Int) -> String {
    func digits(_ value: UInt32) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: 8 - text.count) + text
    }
    return digits(UInt32(truncatingIfNeeded: now)) + digits(UInt32(truncatingIfNeeded: number))
      + digits(UInt32.random(in: .min ... .max))
  }
}
#endif
