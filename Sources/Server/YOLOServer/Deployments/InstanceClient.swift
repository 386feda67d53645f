#if Server
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Where the server of an instance listens.
struct InstanceAddress: Sendable, Hashable {
  let host: String
  let port: Int
  /// What the header `Host` says; the port of HTTP goes without saying.
  var authority: String { port == 80 ? host : "\(host):\(port)" }
}

/// Why an instance did not answer.
enum InstanceError: Error, Sendable, Hashable {
  /// There is nobody at its address.
  case unreachable
  /// It closed the connection before its answer was whole.
  case ended
  /// It did not answer in time.
  case timedOut
}

/// Speaks HTTP/1.1 with the servers of instances, one connection a request.
enum InstanceClient {
  typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  /// Opens a connection; a few pieces of an answer wait in it at most.
  static func connect(
    to address: InstanceAddress, seconds: Int64 = 5
  ) async throws(InstanceError) -> Connection {
    do {
      return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(.seconds(seconds))
        .connect(host: address.host, port: address.port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            return try Connection(
              wrappingChannelSynchronously: channel,
              configuration: NIOAsyncChannel.Configuration(
                inboundType: HTTPClientResponsePart.self,
                outboundType: HTTPClientRequestPart.self))
          }
        }
    } catch {
      throw .unreachable
    }
  }

  /// Asks for something small, such as whether an instance is ready.
  ///
  /// - Parameters:
  ///   - path: The path.
  ///   - address: Where the instance is.
  ///   - headers: What the request has besides `Host`.
  ///   - seconds: How long the answer may take.
  ///   - maximumBytes: What is kept of its body.
  /// - Returns: The status and the body.
  /// - Throws: ``InstanceError``, or what the connection throws.
  static func get(
    _ path: String, from address: InstanceAddress, headers: HTTPHeaders = [:], seconds: Int = 2,
    maximumBytes: Int = 1 << 20
  ) async throws -> (status: Int, body: ByteBuffer) {
    let connection = try await connect(to: address, seconds: Int64(seconds))
    let closing = Task {
      try await Task.sleep(for: .seconds(seconds))
      connection.channel.close(promise: nil)
    }
    defer { closing.cancel() }
    return try await connection.executeThenClose { inbound, outbound in
      var headers = headers
      headers.add(name: "Host", value: address.authority)
      headers.add(name: "Connection", value: "close")
      try await outbound.write(
        .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)))
      try await outbound.write(.end(nil))
      var status: Int?
      var body = ByteBuffer()
      for try await part in inbound {
        switch part {
        case .head(let head): status = Int(head.status.code)
        case .body(let piece):
          if body.readableBytes < maximumBytes { body.writeImmutableBuffer(piece) }
        case .end:
          if let status { return (status, body) }
        }
      }
      throw InstanceError.ended
    }
  }
}

/// Hands pieces from one task to another, which takes each before the next one is handed.
final class Handoff: Sendable {
  private struct State {
    var piece: ByteBuffer?
    var result: Result<Void, any Error>?
    var taker: CheckedContinuation<Void, Never>?
    var giver: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Hands a piece over; returns once the piece before was taken.
  func give(_ piece: ByteBuffer) async throws {
    while true {
      let isGiven = try state.withLock { state in
        if let result = state.result {
          try result.get()
          throw CancellationError()
        }
        guard state.piece == nil else { return false }
        state.piece = piece
        return true
      }
      if isGiven { return wake() }
      await withCheckedContinuation { continuation in
        let waits = state.withLock { state in
          guard state.piece != nil, state.result == nil else { return false }
          state.giver = continuation
          return true
        }
        if !waits { continuation.resume() }
      }
    }
  }

  /// Ends: what was handed may still be taken, nothing more comes.
  func finish(_ result: Result<Void, any Error>) {
    state.withLock { state in
      if state.result == nil { state.result = result }
    }
    wake()
  }

  /// Returns the next piece; nil if there are no more.
  func take() async throws -> ByteBuffer? {
    while true {
      let (piece, result) = state.withLock { state in
        defer { state.piece = nil }
        return (state.piece, state.result)
      }
      if let piece {
        wake()
        return piece
      }
      if let result {
        try result.get()
        return nil
      }
      await withCheckedContinuation { continuation in
        let waits = state.withLock { state in
          guard state.piece == nil, state.result == nil else { return false }
          state.taker = continuation
          return true
        }
        if !waits { continuation.resume() }
      }
    }
  }

  private func wake() {
    let waiters = state.withLock { state in
      defer { (state.taker, state.giver) = (nil, nil) }
      return [state.taker, state.giver].compactMap(\.self)
    }
    for waiter in waiters { waiter.resume() }
  }
}

/// A request that is passed on to an instance, and its answer, both piece by piece.
///
/// It ends when the answer is whole, when nobody refers to it any more, and when it is cancelled.
final class InstanceExchange: Sendable {
  private let answer = Handoff()
  private let head = Handoff.Head()
  private let task: Mutex<Task<Void, Never>?> = Mutex(nil)

  /// Passes a request on.
  ///
  /// - Parameters:
  ///   - request: The head.
  ///   - body: The body.
  ///   - connection: The connection to the instance.
  ///   - onEnd: Called once it is over, in whatever way.
  init(
    _ request: HTTPRequestHead, body: RequestBody, over connection: InstanceClient.Connection,
    onEnd: @escaping @Sendable () -> Void
  ) {
    let (answer, head) = (self.answer, self.head)
    let task = Task {
      let result: Result<Void, any Error>
      do {
        try await Self.run(request, body, connection, answer, head)
        result = .success(())
      } catch {
        result = .failure(error)
      }
      head.finish(result)
      answer.finish(result)
      onEnd()
    }
    self.task.withLock { $0 = task }
  }

  deinit { cancel() }

  /// Ends the exchange; whoever waits for something of it gets an error.
  func cancel() {
    task.withLock { $0 }?.cancel()
    answer.finish(.failure(CancellationError()))
  }

  /// Waits for the head of the answer; by then the body of the request is sent, or will not be.
  ///
  /// - Throws: What the body of the request throws, ``InstanceError``, or `CancellationError`.
  func responseHead() async throws -> HTTPResponseHead { try await head.value() }

  /// Returns the next piece of the answer; nil after the last.
  func next() async throws -> ByteBuffer? { try await answer.take() }

  private static func run(
    _ request: HTTPRequestHead, _ body: RequestBody, _ connection: InstanceClient.Connection,
    _ answer: Handoff, _ head: Handoff.Head
  ) async throws {
    try await connection.executeThenClose { inbound, outbound in
      let channel = connection.channel
      let sending = Task {
        do {
          try await send(request, body, to: outbound)
        } catch {
          // The client's body broke off: there is nothing to answer.
          channel.close(promise: nil)
          throw error
        }
      }
      try await withTaskCancellationHandler {
        var isWhole = false
        do {
          receiving: for try await part in inbound {
            switch part {
            case .head(let response):
              // The instance may answer before it has all of the body, and needs no more then.
              sending.cancel()
              _ = await sending.result
              head.set(response)
            case .body(let piece): try await answer.give(piece)
            case .end:
              isWhole = true
              break receiving
            }
          }
        } catch let error as IOError {
          _ = error
        }
        sending.cancel()
        guard isWhole else {
          try Task.checkCancellation()
          if case .failure(let error) = await sending.result, !(error is CancellationError) {
            throw error
          }
          throw InstanceError.ended
        }
      } onCancel: {
        sending.cancel()
        channel.close(promise: nil)
      }
    }
  }

  private static func send(
    _ request: HTTPRequestHead, _ body: RequestBody,
    to outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
  ) async throws {
    // Where writing fails the instance has closed, perhaps after an answer.
    do { try await outbound.write(.head(request)) } catch { return }
    var pieces = body.makeAsyncIterator()
    while let piece = try await pieces.next() {
      do { try await outbound.write(.body(.byteBuffer(piece))) } catch { return }
    }
    do { try await outbound.write(.end(nil)) } catch { return }
  }
}

extension Handoff {
  /// The head of an answer, which one task waits for.
  final class Head: Sendable {
    private struct State {
      var result: Result<HTTPResponseHead, any Error>?
      var waiters: [CheckedContinuation<HTTPResponseHead, any Error>] = []
    }

    private let state = Mutex(State())

    func set(_ head: HTTPResponseHead) { finish(with: .success(head)) }

    /// Ends without a head, if none was set.
    func finish(_ result: Result<Void, any Error>) {
      switch result {
      case .success: finish(with: .failure(InstanceError.ended))
      case .failure(let error): finish(with: .failure(error))
      }
    }

    private func finish(with result: Result<HTTPResponseHead, any Error>) {
      let waiters = state.withLock { state in
        guard state.result == nil else {
          return [CheckedContinuation<HTTPResponseHead, any Error>]()
        }
        state.result = result
        defer { state.waiters = [] }
        return state.waiters
      }
      for waiter in waiters { waiter.resume(with: result) }
    }

    func value() async throws -> HTTPResponseHead {
      try await withCheckedThrowingContinuation { continuation in
        let result = state.withLock { state in
          if state.result == nil { state.waiters.append(continuation) }
          return state.result
        }
        if let result { continuation.resume(with: result) }
      }
    }
  }
}
#endif
