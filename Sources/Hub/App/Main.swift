// `pingwatch`: parse, wire, run until told to stop.

import Domain
import Pipeline
import Runtime
import Store

#if canImport(Glibc)
import Glibc
#endif

@main
struct Main {
    static let version = "0.1.0"

    static let usage = """
        usage: pingwatch <command>

          serve [--port N] [--host ADDRESS] [--data-dir FOLDER]   run the hub
                [--tls auto | --tls-cert FILE --tls-key FILE]     speak https; auto makes a certificate
                [--http-port N]                                   another port, which leads to https
          worker [--data-dir FOLDER]                              share the hub's work from another process: Postgres only
          migrate [up|status]                                     bring the database to this version, or say what is missing
          plan list                                               plans, and which account has which
          plan set ACCOUNT PLAN                                   give an account another plan
          user list                                               who is here, and what they sign in with
          user link EMAIL [--disable-codes]                       print a link with which somebody sets another password;
                                                                  codes of their app are not asked for any more
          user forget-codes                                       turn everybody's codes off: the key of their secrets is lost
          keys rotate                                             another key signs links from now on; those that are out stay good
          version                                                 print the version

        Environment: see .env.example.

        """

    static func main() async {
        // A peer that hangs up is an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        Heap.bound()
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "serve": await serve(Array(arguments.dropFirst()))
        case "worker": await work(Array(arguments.dropFirst()))
        case "migrate": await migrate(Array(arguments.dropFirst()))
        case "plan": await plan(Array(arguments.dropFirst()))
        case "user": await user(Array(arguments.dropFirst()))
        case "keys": await keys(Array(arguments.dropFirst()))
        case "version", "--version": print("pingwatch \(version)")
        case "help", "--help", "-h": print(usage, terminator: "")
        default: fail(usage, status: 64)
        }
    }

    private static func serve(_ arguments: [String]) async {
        await run(arguments) { configuration, termination in
            let hub = try await Hub(configuration, signals: termination)
            let (address, notes) = try await hub.start()
            announce((["pingwatch \(version) listens on \(address)"] + notes).joined(separator: "\n"))
            await hub.run(until: termination)
        }
    }

    private static func work(_ arguments: [String]) async {
        await run(arguments) { configuration, termination in
            guard case .postgres = configuration.database else {
                throw Configuration.Mistakes(lines: ["DATABASE_URL: a worker needs postgres://…; with SQLite the hub does all work itself"])
            }
            let core = try await Core(configuration, role: "worker-\(getpid())")
            announce("pingwatch \(version) works")
            let working = Task { await core.pipeline.run() }
            await termination.wait()
            working.cancel()
            await working.value
            await core.store.close()
        }
    }

    private static func migrate(_ arguments: [String]) async {
        let action = arguments.first { !$0.hasPrefix("-") } ?? "up"
        guard ["up", "status"].contains(action) else { fail(usage, status: 64) }
        await run(arguments.filter { $0 != action }) { configuration, _ in
            try Core.makeFolder(of: configuration)
            if action == "up" { await (try Store.open(configuration.database)).close() }
            let found = try await Store.migrations(of: configuration.database)
            for name in found.applied { print("applied  \(name)") }
            for name in found.missing { print("missing  \(name)") }
        }
    }

    private static func plan(_ arguments: [String]) async {
        guard let command = PlanCommand(arguments) else { fail(usage, status: 64) }
        await run(command.rest) { configuration, _ in
            try Core.makeFolder(of: configuration)
            let store = try await Store.open(configuration.database)
            let lines = try await command.run(on: store)
            await store.close()
            announce(lines.joined(separator: "\n"))
        }
    }

    private static func user(_ arguments: [String]) async {
        guard let command = UserCommand(arguments) else { fail(usage, status: 64) }
        await run(command.rest) { configuration, _ in
            try Core.makeFolder(of: configuration)
            let store = try await Store.open(configuration.database)
            let lines = try await command.run(on: store, configuration, clock: .system)
            await store.close()
            announce(lines.joined(separator: "\n"))
        }
    }

    private static func keys(_ arguments: [String]) async {
        guard arguments.first == "rotate" else { fail(usage, status: 64) }
        await run(Array(arguments.dropFirst())) { configuration, _ in
            try Core.makeFolder(of: configuration)
            let store = try await Store.open(configuration.database)
            let keys = try await store.signingKeys.rotate(now: Timestamp(milliseconds: WallClock.system.milliseconds))
            await store.close()
            print("key \(keys.last?.id ?? "") signs links within two minutes; those of before are good until they expire")
        }
    }

    /// What every subcommand does: read the configuration, run, and say in one line why it could not.
    private static func run(
        _ arguments: [String], _ body: (Configuration, TerminationSignals) async throws -> Void
    ) async {
        // What the hub writes is for its own user alone.
        umask(0o077)
        let termination = TerminationSignals()
        do {
            let configuration = try Configuration(environment: environment(), arguments: arguments)
            Log.setThreshold(configuration.logLevel)
            termination.limitEnd(toSeconds: configuration.stopSeconds)
            try await body(configuration, termination)
        } catch let error as Configuration.Mistakes {
            fail(error.description + "\n", status: 78)
        } catch {
            fail("pingwatch: \(error)\n", status: 1)
        }
    }

    private static func announce(_ line: String) {
        print(line)
        fflush(nil)
    }

    private static func fail(_ text: String, status: Int32) -> Never {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
        exit(status)
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }
}
