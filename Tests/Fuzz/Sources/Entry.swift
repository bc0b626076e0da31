// What libFuzzer calls (https://llvm.org/docs/LibFuzzer.html). One program for every parser: FUZZ_TARGET names the one that is meant.

import Foundation

nonisolated(unsafe) private var target: FuzzTarget?

/// Before the first input.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer) -> CInt {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    target = FuzzTarget(rawValue: name)
    guard target != nil else {
        print("FUZZ_TARGET: \"\(name)\" is not one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
        exit(64)
    }
    return 0
}

/// One input. It is a bug when this ends in a trap or takes long.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target?.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
