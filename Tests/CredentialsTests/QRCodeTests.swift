import Testing

@testable import Credentials

struct QRCodeTests {
    private let address = "https://192.168.1.20:8443/#/pair/Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE"

    @Test func `it has the patterns that readers look for, and says level M`() throws {
        let code = try #require(QRCode(address))
        #expect(code.modules.count == code.size * code.size && code.size % 4 == 1 && code.size >= 21)
        for (left, top) in [(0, 0), (code.size - 7, 0), (0, code.size - 7)] {
            for y in 0..<7 {
                for x in 0..<7 {
                    let isRing = x == 0 || y == 0 || x == 6 || y == 6, isHeart = (2...4).contains(x) && (2...4).contains(y)
                    #expect(code.isDark(left + x, top + y) == (isRing || isHeart))
                }
            }
        }
        for index in 8..<code.size - 8 { #expect(code.isDark(index, 6) == (index % 2 == 0) && code.isDark(6, index) == (index % 2 == 0)) }
        // The first two of the format bits, under their mask 10: level M is 00 (ISO/IEC 18004, section 7.9).
        #expect(code.isDark(0, 8) && !code.isDark(1, 8))
    }

    @Test func `the SVG has the same modules, with four light ones around`() throws {
        let code = try #require(QRCode(address))
        let svg = code.svg(title: "A & <b>\u{1}")
        let width = code.size + 8
        #expect(svg.contains("viewBox=\"0 0 \(width) \(width)\" role=\"img\" shape-rendering=\"crispEdges\"><title>A &amp; &lt;b&gt;</title>"))
        #expect(svg.contains("<rect width=\"\(width)\" height=\"\(width)\" fill=\"#fff\"/><path fill=\"#000\" d=\""))
        #expect(svg.matches(of: /<path/).count == 1)
        var dark: Set<[Int]> = []
        for run in svg.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/) {
            #expect(run.3 == run.4)
            for x in 0..<Int(run.3)! { #expect(dark.insert([Int(run.1)! + x - 4, Int(run.2)! - 4]).inserted) }
        }
        #expect(dark.count == code.modules.count { $0 })
        #expect(dark.allSatisfy { code.isDark($0[0], $0[1]) })
    }

    @Test func `the terminal's has the same modules, with light ones around`() throws {
        let code = try #require(QRCode(address))
        let lines = code.terminal.split(separator: "\n").map { line in
            line.replacing("\u{1b}[38;5;16;48;5;231m", with: "").replacing("\u{1b}[0m", with: "")
        }
        #expect(lines.count == (code.size + 9) / 2 && lines.allSatisfy { $0.count == code.size + 8 })
        for (row, line) in lines.enumerated() {
            for (column, character) in line.enumerated() {
                let upper = code.isDark(column - 4, 2 * row - 4), lower = code.isDark(column - 4, 2 * row - 3)
                #expect(character == (upper ? lower ? "█" : "▀" : lower ? "▄" : " "))
            }
        }
        #expect(code.terminal.components(of: "\u{1b}[0m\n") == lines.count)
    }

    @Test func `what does not fit is no code`() {
        #expect(QRCode("") == nil)
        #expect(QRCode(String(repeating: "a", count: 2331))?.size == 177)
        #expect(QRCode(String(repeating: "a", count: 2332)) == nil)
        #expect(QRCode("a\0b") != nil && QRCode("Ä 日本 🐈") != nil)
    }
}

extension String {
    fileprivate func components(of text: String) -> Int { split(separator: text, omittingEmptySubsequences: false).count - 1 }
}
