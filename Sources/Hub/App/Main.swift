// `pingwatch`: parse, wire, run until told to stop.

import Runtime

#if canImport(Glibc)
import Glibc
#endif

@main
struct Main {
    static let version = "0.1.0"

    static let usage = """
        usage: pingwatch <command>

          serve [--port N] [--host ADDRESS] [--data-dir FOLDER]   run the hub
          version                                                 print the version

        Environment: see .env.example.

        """

    static func main() async {
        // A peer that hangs up is an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "serve": await serve(Array(arguments.dropFirst()))
        case "version", "--version": print("pingwatch \(version)")
        case "help", "--help", "-h": print(usage, terminator: "")
        default: fail(usage, status: 64)
        }
    }

    private static func serve(_ arguments: [String]) async {
        // What the hub writes is for its own user alone.
        umask(0o077)
        let termination = TerminationSignals()
        do {
            let configuration = try Configuration(environment: environment(), arguments: arguments)
            Log.setThreshold(configuration.logLevel)
            let hub = try await Hub(configuration)
            let address = try await hub.start()
            print("pingwatch \(version) listens on \(address)")
            fflush(nil)
            await hub.run(until: termination)
        } catch let error as Configuration.Mistakes {
            fail(error.description + "\n", status: 78)
        } catch {
            fail("pingwatch: \(error)\n", status: 1)
        }
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
