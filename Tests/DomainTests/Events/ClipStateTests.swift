import Domain
import Testing

struct ClipStateTests {
    @Test(arguments: [ClipState.onDevice, .requested]) func `a clip that the phone had kept can be gone, once`(_ state: ClipState) {
        var clip = Clip(mime: "video/mp4")
        clip.state = state
        clip.stills = 3
        clip.lose("its storage was cleared")
        #expect(clip.state == .gone && clip.problem == "its storage was cleared" && clip.stills == 3 && !clip.isKept)
        clip.lose("another reason")
        #expect(clip.problem == "its storage was cleared")
    }

    @Test(arguments: [ClipState.preview, nil]) func `what is here or on its way is not`(_ state: ClipState?) {
        var clip = Clip(mime: "video/mp4")
        clip.state = state
        clip.lose("its storage was cleared")
        #expect(clip.state == state && clip.problem == nil)
    }
}
