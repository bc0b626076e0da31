import Foundation
import Runtime
import TestSupport
import Testing

@testable import Credentials

@Suite(.mustEnd)
struct PasswordHasherTests {
    private let cheap = PasswordHash.Parameters(memory: 8, passes: 1, lanes: 1)!

    @Test func `a hash is made and verified`() async throws {
        let hasher = PasswordHasher(parameters: cheap)
        let hash = try await hasher.hash("tannenbaum")
        #expect(try await hasher.verify("tannenbaum", against: hash))
        #expect(try await !hasher.verify("Tannenbaum", against: hash))
        try await hasher.verifyNothing("tannenbaum")
        #expect(!hash.needsRehash(hasher.parameters) && hash.needsRehash(.standard))
        #expect(hasher.load == 0)
    }

    @Test func `it works on threads of its own, which let others go first`() async throws {
        let (name, policy) = try await PasswordHasher(parameters: cheap, threads: 1).run {
            (try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8), sched_getscheduler(0))
        }
        #expect(name == "password-0\n")
        // SCHED_BATCH.
        #expect(policy == 3)
    }

    @Test func `when too many wait, one more is refused, and later taken`() async throws {
        let hasher = PasswordHasher(parameters: cheap, threads: 1, maximumWaiting: 2)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await hasher.run { gate.wait() } } }
            while hasher.load < 3 { await Task.yield() }
            await #expect(throws: PasswordHasherBusy.self) { try await hasher.hash("tannenbaum") }
            await #expect(throws: PasswordHasherBusy.self) { try await hasher.verifyNothing("tannenbaum") }
            #expect(hasher.load == 3)
            gate.open()
            try await group.waitForAll()
        }
        #expect(hasher.load == 0)
        _ = try await hasher.hash("tannenbaum")
    }

    @Test func `a failure gives its place back`() async throws {
        struct Oops: Error {}
        let hasher = PasswordHasher(parameters: cheap, threads: 1, maximumWaiting: 0)
        for _ in 0..<3 { await #expect(throws: Oops.self) { try await hasher.run { throw Oops() } } }
        #expect(hasher.load == 0)
    }
}

/// Threads wait before it until it is open.
private final class Gate: @unchecked Sendable {
    // @unchecked: semaphores are for several threads.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    init() { sem_init(semaphore, 0, 0) }
    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
    func wait() {
        while sem_wait(semaphore) != 0 {}
        sem_post(semaphore)
    }
    func open() { sem_post(semaphore) }
}
