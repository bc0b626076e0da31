// What analysis looks at and listens to.

public import Domain

/// What `ClipMeasurements` takes.
public struct ClipSamples: Sendable {
    /// Pictures in order, the first at 0 s.
    public let frames: [ClipMeasurements.Frame]
    /// Loudness every tenth of a second; empty without sound.
    public let sounds: [ClipMeasurements.Sound]
}
