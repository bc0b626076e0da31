// What threads hand to one of them.

import Synchronization

/// Many threads put in, one takes out, none of them waits for another: a list whose head is exchanged atomically.
public final class Mailbox<Message: Sendable>: Sendable {
    private final class Node: @unchecked Sendable {
        // @unchecked: written by the thread that makes it, before `head` publishes it; read by the one that took it out of there.
        let message: Message
        var next: UInt = 0
        init(_ message: Message) { self.message = message }
    }

    /// The address of the newest, retained; 0 for none.
    private let head = Atomic<UInt>(0)

    public init() {}

    deinit { _ = takeAll() }

    /// - Returns: whether there was nothing before, so that who takes out is woken once a batch.
    @discardableResult
    public func put(_ message: Message) -> Bool {
        let node = Node(message)
        let address = UInt(bitPattern: Unmanaged.passRetained(node).toOpaque())
        var newest = head.load(ordering: .relaxed)
        while true {
            node.next = newest
            let (isExchanged, found) = head.compareExchange(
                expected: newest, desired: address, successOrdering: .releasing, failureOrdering: .relaxed)
            if isExchanged { return newest == 0 }
            newest = found
        }
    }

    public var isEmpty: Bool { head.load(ordering: .relaxed) == 0 }

    /// All that is in it, the oldest first.
    public func takeAll() -> [Message] {
        var address = head.exchange(0, ordering: .acquiring)
        var messages: [Message] = []
        while let pointer = UnsafeRawPointer(bitPattern: address) {
            let node = Unmanaged<Node>.fromOpaque(pointer).takeRetainedValue()
            messages.append(node.message)
            address = node.next
        }
        messages.reverse()
        return messages
    }
}
