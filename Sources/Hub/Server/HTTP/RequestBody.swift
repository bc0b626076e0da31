// Bodies of requests: gathered in memory, or passed on to the disk as they come.

import Loop
import Runtime
import Store

/// A JSON body, in memory, bounded. Used on the request's thread only.
final class GatheredBody {
    private(set) var bytes: [UInt8] = []
    private let maximum: Int
    private(set) var isTooLarge = false

    init(maximum: Int) { self.maximum = maximum }

    func append(_ piece: UnsafeRawBufferPointer) {
        guard !isTooLarge else { return }
        guard bytes.count + piece.count <= maximum else {
            isTooLarge = true
            bytes = []
            return
        }
        bytes.append(contentsOf: piece)
    }
}

/// Hands a body over to an upload piece by piece; the peer is not read from while a piece is being written.
actor BodyPump {
    private nonisolated let exchange: HTTPExchange
    nonisolated var unownedExecutor: UnownedSerialExecutor { exchange.unownedExecutor }

    private let writer: UploadWriter
    private var pieces: [[UInt8]] = []
    private var isWriting = false
    private var isComplete = false
    private var isAborted = false
    private var failure: (any Error)?
    private var waiter: CheckedContinuation<Void, Never>?

    struct Aborted: Error {}

    init(exchange: HTTPExchange, writer: UploadWriter) {
        self.exchange = exchange
        self.writer = writer
    }

    /// Takes the body of the exchange from here on, and returns when all of it is written.
    func run() async throws {
        guard exchange.isOpen else { throw Aborted() }
        exchange.onAbort = { self.assumeIsolated { $0.abort() } }
        exchange.receive(
            onBody: { piece in
                let bytes = Array(piece)
                self.assumeIsolated { $0.take(bytes) }
            },
            onComplete: { self.assumeIsolated { $0.complete() } })
        if !isWriting { exchange.setReading(true) }
        await withCheckedContinuation {
            waiter = $0
            finishIfDone()
        }
        if let failure { throw failure }
        if isAborted { throw Aborted() }
    }

    private func take(_ bytes: [UInt8]) {
        pieces.append(bytes)
        exchange.setReading(false)
        guard !isWriting else { return }
        isWriting = true
        Task { await write() }
    }

    private func write() async {
        while !pieces.isEmpty, failure == nil {
            let piece = pieces.removeFirst()
            do {
                try await writer.append(piece)
            } catch {
                failure = error
            }
        }
        isWriting = false
        if failure == nil, !isComplete { exchange.setReading(true) }
        finishIfDone()
    }

    private func complete() {
        isComplete = true
        finishIfDone()
    }

    private func abort() {
        isAborted = true
        finishIfDone()
    }

    private func finishIfDone() {
        guard !isWriting, failure != nil || isAborted || (isComplete && pieces.isEmpty), let waiter else { return }
        self.waiter = nil
        waiter.resume()
    }
}
