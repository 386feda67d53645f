#if Server
package import YOLOSystem

/// A request to another server.
///
/// Its description names the method and the host alone: addresses, headers and bodies have secrets.
package struct OutboundRequest: Sendable, CustomStringConvertible, CustomReflectable {
  /// The methods.
  package enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  /// A header.
  package struct Header: Sendable, Hashable {
    /// The name.
    package let name: String
    /// The value.
    package let value: String

    /// Creates a header.
    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Where the body of a successful answer goes; that of any other is kept in memory, as much of it
  /// as ``OutboundClient/maximumErrorBytes``.
  package enum Destination: Sendable, Hashable {
    /// Into memory.
    case memory(maximumBytes: Int)
    /// Into a file that there is not yet, of mode 0600; it is removed again if the answer does not
    /// arrive whole.
    case file(path: String, maximumBytes: Int)

    var maximumBytes: Int {
      switch self {
      case .memory(let maximum), .file(_, let maximum): maximum
      }
    }
  }

  /// The method.
  package var method: Method
  /// The absolute address.
  package var url: String
  /// The headers; those of the connection (`Host`, `Content-Length`) are set without them.
  package var headers: [Header] = []
  /// The body, or nil for none.
  package var body: [UInt8]?
  /// The body as a file, in place of ``body``.
  package var file: OutboundFile?
  /// Where the answer goes.
  package var destination = Destination.memory(maximumBytes: 1 << 20)
  /// Which addresses may be connected to.
  package var policy: AddressPolicy
  /// Whether `http` addresses are allowed beside `https`.
  package var allowsPlainHTTP = false
  /// How many redirects of a GET or HEAD are followed.
  ///
  /// Each leads to an address that is checked as the first is. Other headers than `Accept` and `User-Agent` do not go to another origin.
  package var maximumRedirects = 0
  /// In which time the name must be resolved and the connection open, with TLS.
  package var connectTimeout = Duration.seconds(10)
  /// In which time the answer must have come whole, redirects included.
  package var timeout = Duration.seconds(30)
  /// How long nothing may come; nil for any time.
  package var idleTimeout: Duration?
  /// Whom TLS trusts, and as whom it presents itself.
  package var trust = OutboundTrust()

  /// Creates a request.
  package init(_ method: Method, _ url: String, policy: AddressPolicy) {
    self.method = method
    self.url = url
    self.policy = policy
  }

  package var description: String {
    "\(method.rawValue) \((try? OutboundURL(url, allowsPlainHTTP: true).host) ?? "?")"
  }

  package var customMirror: Mirror { Mirror(reflecting: description) }
}

/// Whom TLS trusts, and as whom it presents itself.
package struct OutboundTrust: Sendable, Hashable {
  /// The authorities whose certificates are trusted.
  package enum Authorities: Sendable, Hashable {
    /// Those of the system.
    case system
    /// Those of a PEM file alone.
    case file(String)
    /// Those of PEM text alone.
    case pem([UInt8])
  }

  /// The authorities.
  package var authorities: Authorities
  /// The certificate that the server asks for, in PEM.
  package var clientCertificate: [UInt8]?
  /// Its private key, in PEM.
  package var clientKey: [UInt8]?

  /// Trusts authorities, and presents a certificate if there is one.
  package init(
    _ authorities: Authorities = .system, clientCertificate: [UInt8]? = nil,
    clientKey: [UInt8]? = nil
  ) {
    self.authorities = authorities
    self.clientCertificate = clientCertificate
    self.clientKey = clientKey
  }
}

/// The answer of another server, of whatever status.
package struct OutboundResponse: Sendable {
  /// The status.
  package let status: Int
  /// The headers, with names in lower case; those of one name are joined by commas.
  package let headers: [String: String]
  /// The body, unless it went into a file.
  package let body: [UInt8]
  /// The bytes of the body, wherever they are.
  package let bytes: Int

  /// Whether the status is one of success.
  package var isSuccess: Bool { (200..<300).contains(status) }

  /// The seconds that the header `Retry-After` asks for; nil for none, or a date.
  package var retryAfter: Int? { headers["retry-after"].flatMap { Int($0) }.map { max(0, $0) } }
}

/// Why there is no answer of another server.
///
/// No case has more of the address than its host.
package enum OutboundError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The address cannot be used.
  case invalidURL(String)
  /// A header cannot be sent.
  case invalidHeader(String)
  /// The host has no address that may be connected to.
  case refusedAddress(host: String)
  /// The name of the host has no address.
  case unresolved(host: String)
  /// No connection comes about.
  case unreachable(host: String)
  /// TLS fails.
  case untrusted(host: String, reason: String)
  /// The answer did not come in time.
  case timedOut(host: String)
  /// The answer is larger than allowed.
  case tooLarge(host: String, maximum: Int)
  /// There were more redirects than allowed.
  case tooManyRedirects(host: String, maximum: Int)
  /// The answer cannot be written to its file.
  case unwritable(FileError)
  /// The connection or what came by it is broken.
  case broken(host: String, reason: String)
  /// The caller was cancelled, or the client has ended.
  case cancelled

  package var description: String {
    switch self {
    case .invalidURL(let reason): "The address cannot be used: \(reason)."
    case .invalidHeader(let name): "The header \(name.excerpt()) cannot be sent."
    case .refusedAddress(let host):
      "\(host.excerpt()) has no address that this server may connect to."
    case .unresolved(let host): "\(host.excerpt()) has no address."
    case .unreachable(let host): "\(host.excerpt()) cannot be connected to."
    case .untrusted(let host, let reason):
      "\(host.excerpt()) cannot be connected to by TLS: \(reason)."
    case .timedOut(let host): "\(host.excerpt()) did not answer in time."
    case .tooLarge(let host, let maximum):
      "The answer of \(host.excerpt()) has more than \(maximum) bytes."
    case .tooManyRedirects(let host, let maximum):
      "\(host.excerpt()) redirects more than \(maximum) times."
    case .unwritable(let error): "The answer cannot be written: \(error)."
    case .broken(let host, let reason): "The answer of \(host.excerpt()) is broken: \(reason)."
    case .cancelled: "The request was cancelled."
    }
  }
}
#endif
