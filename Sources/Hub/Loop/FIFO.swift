// A queue that neither shifts its elements nor keeps what it gave out.

struct FIFO<Element> {
    /// The element that is taken next. It is apart from the others, so that a queue of one, as most are, touches no memory of its own.
    private(set) var first: Element?
    private var others: [Element?] = []
    private var head = 0

    var isEmpty: Bool { first == nil }
    var count: Int { first == nil ? 0 : 1 + others.count - head }
    /// The element that would be the `index`th to be taken, from 0 on.
    subscript(index: Int) -> Element { index == 0 ? first! : others[head + index - 1]! }

    mutating func append(_ element: Element) {
        if first == nil { first = element } else { others.append(element) }
    }

    mutating func popFirst() -> Element? {
        guard let element = first else { return nil }
        first = nil
        guard head < others.count else { return element }
        first = others[head]
        others[head] = nil
        head += 1
        if head == others.count {
            others.removeAll(keepingCapacity: others.count <= 64)
            head = 0
        } else if head >= 64, head * 2 >= others.count {
            others.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func removeAll() { self = FIFO() }
}
