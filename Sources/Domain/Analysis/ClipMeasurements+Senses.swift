// How light and how loud a clip is.

extension ClipMeasurements {
    mutating func measureLight(_ frames: [Frame]) {
        guard !frames.isEmpty else { return }
        let sum = frames.reduce(0.0) { sum, frame in
            sum + Double(frame.luma.reduce(0) { $0 + Int($1) }) / Double(frame.luma.count)
        }
        brightness =
            switch sum / Double(frames.count) {
            case ..<28: .dark
            case ..<62: .dim
            case ..<190: .normal
            default: .bright
            }
    }

    mutating func measureSound(_ sounds: [Sound]) {
        guard !sounds.isEmpty else { return }
        let sorted = sounds.map(\.decibels).sorted()
        // Even noise is background, however loud; what stands out of it is sound, and what is very loud is so anyway.
        let floor = sorted[sorted.count / 4]
        let threshold = min(max(floor + 12, -45), -18)
        let interval = sounds.count > 1 ? (sounds[sounds.count - 1].seconds - sounds[0].seconds) / Double(sounds.count - 1) : 0.1
        let standing = sounds.filter { $0.decibels > threshold }
        // A single click is not a sound to report.
        let seconds = Double(standing.count) * interval
        soundSeconds = seconds >= 0.25 ? seconds : 0
        let peak = sorted[max(sorted.count - 1 - sorted.count / 20, 0)]
        loudness = hasSound && peak > -20 ? .loud : hasSound ? .audible : .quiet
    }
}
