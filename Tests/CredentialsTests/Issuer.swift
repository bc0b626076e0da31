// An issuer of tokens, whose keys and signatures the openssl tool makes: what is tested does not judge itself.

import Foundation
import Runtime
import TestSupport

/// One key and what is signed with it.
final class Issuer: Sendable {
    enum Kind: Sendable { case rsa(bits: Int), p256 }

    /// Made once: an RSA key takes a while.
    static let rsa = Result { try Issuer(.rsa(bits: 2048)) }
    static let p256 = Result { try Issuer(.p256) }

    let kind: Kind
    private let folder: TemporaryFolder
    private var keyFile: String { folder.file("key.pem") }

    init(_ kind: Kind) throws {
        self.kind = kind
        folder = try TemporaryFolder()
        let options =
            switch kind {
            case .rsa(let bits): ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)"]
            case .p256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
            }
        _ = try openssl(["genpkey", "-out", folder.file("key.pem")] + options)
    }

    /// The public key, with more or other members.
    func jwk(_ members: [String: JSON] = ["kid": "k1"]) throws -> JSON {
        let own: [String: JSON]
        switch kind {
        case .rsa:
            let line = String(decoding: try openssl(["rsa", "-in", keyFile, "-noout", "-modulus"]), as: UTF8.self)
            let digits = Array(line.split(separator: "=")[1].utf8.filter { $0 != 10 })
            let modulus = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)! }
            own = ["kty": "RSA", "n": .string(Crypto.base64URL(modulus)), "e": "AQAB"]
        case .p256:
            let point = Array(try openssl(["pkey", "-in", keyFile, "-pubout", "-outform", "DER"]).suffix(64))
            own = [
                "kty": "EC", "crv": "P-256", "x": .string(Crypto.base64URL(Array(point[..<32]))), "y": .string(Crypto.base64URL(Array(point[32...]))),
            ]
        }
        return .object(own.merging(members) { _, new in new })
    }

    var publicPEM: [UInt8] { get throws { try openssl(["pkey", "-in", keyFile, "-pubout"]) } }

    /// As a token has it.
    func signature(of message: String) throws -> [UInt8] {
        let file = folder.file("\(UUID().uuidString).txt")
        try Data(message.utf8).write(to: URL(filePath: file))
        let signature = try openssl(["dgst", "-sha256", "-sign", keyFile, file])
        guard case .p256 = kind else { return signature }
        return Self.raw(signature)
    }

    func token(_ claims: JSON, header: JSON? = nil) throws -> String {
        let algorithm: JSON = if case .p256 = kind { "ES256" } else { "RS256" }
        let message = Self.message(header ?? ["alg": algorithm, "kid": "k1", "typ": "JWT"], claims)
        return try message + "." + Crypto.base64URL(signature(of: message))
    }

    static func message(_ header: JSON, _ claims: JSON) -> String { Crypto.base64URL(header.utf8) + "." + Crypto.base64URL(claims.utf8) }

    /// r and s of a DER sequence of two numbers, in 32 bytes each.
    private static func raw(_ der: [UInt8]) -> [UInt8] {
        var index = 2
        return (0..<2).flatMap { _ in
            let count = Int(der[index + 1])
            let number = der[index + 2..<index + 2 + count].drop { $0 == 0 }
            index += 2 + count
            return [UInt8](repeating: 0, count: 32 - number.count) + number
        }
    }
}

/// What the tool writes.
private func openssl(_ arguments: [String]) throws -> [UInt8] { try run("/usr/bin/openssl", arguments, isQuiet: true) }
