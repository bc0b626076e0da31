"""Cameras and viewers without WebCodecs: MediaRecorder on one side, Media Source Extensions on the other."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, expect

from browser import EMAIL, seconds, sign_in, start_camera, wait_until, watch_errors
from looks import check, check_looks

# Browsers that are older, or of others.
NO_ENCODER = "for (const name of ['VideoEncoder', 'AudioEncoder', 'MediaStreamTrackProcessor', 'VideoFrame']) delete globalThis[name];"
NO_DECODER = "for (const name of ['VideoDecoder', 'AudioDecoder']) delete globalThis[name];"
NO_WEBM_RECORDER = NO_ENCODER + """
const supports = MediaRecorder.isTypeSupported.bind(MediaRecorder);
MediaRecorder.isTypeSupported = (type) => !type.startsWith("video/webm") && supports(type);
"""
NO_H264 = """
const supports = VideoEncoder.isConfigSupported.bind(VideoEncoder);
VideoEncoder.isConfigSupported = (config) => (config.codec.startsWith("avc") ? Promise.resolve({ supported: false }) : supports(config));
"""
# They have WebCodecs, and no codec that is of use.
USELESS_ENCODER = "VideoEncoder.isConfigSupported = async () => ({ supported: false });"
USELESS_DECODER = "VideoDecoder.isConfigSupported = async () => ({ supported: false });"
PLAYS_NOTHING = NO_DECODER + "delete globalThis.MediaSource; delete globalThis.ManagedMediaSource;"
# A page that nobody sees when it is told so.
CAN_BE_AWAY = "Object.defineProperty(document, 'visibilityState', { get: () => (window.isAway ? 'hidden' : 'visible') });"
# A camera that freezes when it is told to.
FREEZES = """
navigator.mediaDevices.getUserMedia = async () => {
    if (window.isFrozen) throw new DOMException("taken", "NotReadableError");
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 640, height: 480 });
    const context = canvas.getContext("2d");
    setInterval(() => {
        if (window.isFrozen) return;
        context.fillStyle = `rgb(${Array.from({ length: 3 }, () => Math.random() * 255)})`;
        context.fillRect(Math.random() * 600, Math.random() * 440, 40, 40);
    }, 33);
    return canvas.captureStream(30);
};
"""
# A recorder whose slices are seldom.
SELDOM = NO_ENCODER + """
const start = MediaRecorder.prototype.start;
MediaRecorder.prototype.start = function () { start.call(this, 3000); };
"""
# A sensor that leaves out a piece of its recording when it is told to.
DAMAGES = NO_ENCODER + """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (!(window.isDamaged && data instanceof Uint8Array && data[0] === 5)) return send.call(this, data);
  const damaged = data.slice();
  damaged[8] = 9;
  return send.call(this, damaged);
};
"""
# How many object URLs there are.
COUNTS_URLS = """
window.urls = 0;
const { createObjectURL, revokeObjectURL } = URL;
URL.createObjectURL = (object) => { window.urls++; return createObjectURL(object); };
URL.revokeObjectURL = (url) => { window.urls--; revokeObjectURL(url); };
"""


def open_viewer(browser, hub, script: str | None = None) -> tuple[Page, list[str]]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    if script:
        context.add_init_script(script)
    page = context.new_page()
    errors = watch_errors(page)
    page.goto(hub.url)
    sign_in(page)
    return page, errors


def watch(page: Page):
    page.get_by_role("button", name="Live: Hallway").click()
    tile = page.locator("pw-live-tile")
    expect(tile).to_have_attribute("data-live", "playing", timeout=15_000)
    return tile


def plays_as_file(page: Page, duration: float = 3) -> None:
    """The video element shows new pictures, near the present."""
    video = page.locator("pw-live-tile video")
    expect(video).to_be_visible()
    expect(page.locator("pw-live-tile canvas")).to_be_hidden()
    now = lambda: video.evaluate("video => video.currentTime")
    decoded = lambda: video.evaluate("video => video.getVideoPlaybackQuality().totalVideoFrames")
    begun, pictures = now(), decoded()
    wait_until(page, lambda: now() > begun + duration and decoded() - pictures > 10 * duration, timeout=duration + 10)
    late = video.evaluate("video => video.buffered.end(video.buffered.length - 1) - video.currentTime")
    assert late < 2.5, f"{late} s are waiting"


@pytest.mark.parametrize("camera_script, viewer_script, is_file", [
    (NO_ENCODER, NO_DECODER, True), (NO_ENCODER, None, True), (None, NO_DECODER, True), (NO_H264, NO_DECODER, True), (NO_WEBM_RECORDER, None, True),
    (USELESS_ENCODER, USELESS_DECODER, True), (None, USELESS_DECODER, True),
], ids=["recorder to files", "recorder to WebCodecs", "WebCodecs to files", "VP8 units to files", "MP4 recorder to WebCodecs",
        "an encoder without codec to a decoder without codec", "WebCodecs to a decoder without codec"])
def test_a_live_picture_without_webcodecs(hub, camera_browser, viewer_browser, camera_script, viewer_script, is_file):
    camera, camera_errors = start_camera(camera_browser, hub, script=camera_script)
    viewer, viewer_errors = open_viewer(viewer_browser, hub, viewer_script)
    tile = watch(viewer)
    expect(camera.get_by_text("Live: somebody is watching")).to_be_visible()
    plays_as_file(viewer)
    wait_until(viewer, lambda: int(tile.get_attribute("data-frames") or 0) > 30)

    # Who comes later plays as well.
    late, late_errors = open_viewer(viewer_browser, hub, viewer_script)
    watch(late)
    plays_as_file(late, 1)

    # Stopped and begun again, the same tile plays again.
    viewer.get_by_role("button", name="Stop live: Hallway").click()
    watch(viewer)
    plays_as_file(viewer, 1)
    assert camera_errors + viewer_errors + late_errors == []


def test_a_clip_of_a_recorder_begins_before_its_trigger_and_plays(hub, bot, camera_browser, viewer_browser):
    camera, camera_errors = start_camera(camera_browser, hub, script=NO_ENCODER)
    viewer, viewer_errors = open_viewer(viewer_browser, hub)
    # Nobody is in the picture yet: what is recorded now is asked for by hand.
    camera.wait_for_timeout(2500)
    camera.get_by_role("button", name="Record now").click()
    card = viewer.locator("article[data-event-id]").last
    expect(card).to_have_attribute("data-status", "done", timeout=60_000)
    expect(camera.locator("[data-clip-id]").last).to_have_attribute("data-state", "stored")
    token = hub.sign_in(EMAIL)
    _, events, _ = hub.call("GET", "/events", token=token)
    event = events[-1]
    pre_roll = seconds(event["triggered_at"]) - seconds(event["started_at"])
    assert event["clip_mime"] == "video/webm" and pre_roll > 1 and event["duration_seconds"] > pre_roll + 1

    card.get_by_role("link").first.click()
    video = viewer.locator("video[data-event-id]")
    expect(video).to_be_visible()
    wait_until(viewer, lambda: video.evaluate("video => video.readyState >= 1"))
    assert abs(video.evaluate("video => video.duration") - event["duration_seconds"]) < 0.5
    video.evaluate("video => { video.currentTime = 1; return video.play(); }")
    wait_until(viewer, lambda: video.evaluate("video => video.currentTime > 2"))
    assert camera_errors + viewer_errors == []


def test_a_clip_that_is_stopped_has_its_last_slice(hub, bot, camera_browser):
    camera, camera_errors = start_camera(camera_browser, hub, script=SELDOM)
    # The first slice has come, the second has not.
    camera.wait_for_timeout(3800)
    camera.get_by_role("button", name="Record now").click()
    camera.wait_for_timeout(1200)
    camera.get_by_role("button", name="Stop watching").click()
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-state", "idle")
    token = hub.sign_in(EMAIL)
    wait_until(camera, lambda: [event["status"] for event in hub.call("GET", "/events", token=token)[1]] == ["done"], timeout=60)
    [event] = hub.call("GET", "/events", token=token)[1]
    assert event["duration_seconds"] > seconds(event["triggered_at"]) - seconds(event["started_at"]) + 1
    assert camera_errors == []


def test_a_live_picture_that_stops_is_said_in_words_and_goes_on(hub, camera_browser, viewer_browser):
    camera, _ = start_camera(camera_browser, hub, script=FREEZES)
    viewer, viewer_errors = open_viewer(viewer_browser, hub)
    tile = watch(viewer)
    expect(viewer.locator("#announcements")).to_have_text("Hallway: live.")
    camera.evaluate("window.isFrozen = true")
    expect(tile).to_have_attribute("data-live", "silent", timeout=15_000)
    expect(tile.get_by_text("No picture for 5 s.")).to_be_visible()
    expect(tile.get_by_text("Live", exact=True).first).to_be_hidden()
    expect(viewer.locator("#announcements")).to_contain_text("Hallway: No picture for 5 s.")
    # The last picture stays.
    expect(tile.locator("canvas")).to_be_visible()
    check(viewer, "live-silent")
    camera.evaluate("window.isFrozen = false")
    expect(tile).to_have_attribute("data-live", "playing", timeout=60_000)
    expect(tile.get_by_text("No picture for 5 s.")).to_be_hidden()
    assert viewer_errors == []


def test_a_live_picture_that_ended_is_kept_and_its_source_is_not(hub, camera_browser, viewer_browser):
    camera, _ = start_camera(camera_browser, hub, script=NO_ENCODER)
    viewer, viewer_errors = open_viewer(viewer_browser, hub, COUNTS_URLS)
    tile = watch(viewer)
    plays_as_file(viewer, 1)
    assert viewer.evaluate("window.urls") == 1
    viewer.get_by_role("button", name="Stop live: Hallway").click()
    is_released = "() => window.urls === 0 && !document.querySelector('pw-live-tile video').src"
    assert viewer.evaluate(is_released)
    expect(tile.locator("canvas")).to_be_hidden()
    watch(viewer)
    plays_as_file(viewer, 1)
    camera.get_by_role("button", name="Stop watching").click()
    expect(tile).to_have_attribute("data-live", "ended", timeout=15_000)
    assert viewer.evaluate(is_released)
    expect(tile.locator("canvas")).to_be_visible()
    brightest = viewer.evaluate("""() => {
        const canvas = document.querySelector("pw-live-tile canvas");
        return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.reduce((most, value, index) => (index % 4 === 3 ? most : Math.max(most, value)), 0);
    }""")
    assert brightest > 60
    assert viewer_errors == []


def test_why_the_hub_ended_a_live_picture_is_said_at_the_camera(hub, camera_browser, viewer_browser):
    camera, camera_errors = start_camera(camera_browser, hub, script=DAMAGES)
    viewer, _ = open_viewer(viewer_browser, hub)
    tile = watch(viewer)
    camera.evaluate("window.isDamaged = true")
    words = "The live picture has ended: the hub cannot use what this browser records (sequence: piece"
    expect(camera.locator("pw-sensor-page").get_by_text(words)).to_be_visible()
    expect(camera.locator("#announcements")).to_contain_text(words)
    expect(tile).to_have_attribute("data-live", "ended")
    check(camera, "camera-live-error")
    camera.evaluate("window.isDamaged = false")
    viewer.get_by_role("button", name="Stop live: Hallway").click()
    watch(viewer)
    expect(camera.locator("pw-sensor-page").get_by_text(words)).to_be_hidden()
    assert camera_errors == []


class Questions:
    """How often a page asked for a still, and how often before the last one was answered."""

    def __init__(self, page: Page) -> None:
        self.asked = self.overlaps = self.unauthorised = 0
        self.requests: list[Request] = []
        self.open: set[Request] = set()
        page.on("request", lambda request: self._asked(request) if "/snapshot.jpg" in request.url else None)
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda request: self.open.discard(request))

    def _asked(self, request: Request) -> None:
        self.asked += 1
        self.requests.append(request)
        self.overlaps += bool(self.open)
        self.unauthorised += "authorization" not in request.headers
        self.open.add(request)


def looks_at(page: Page, is_seen: bool) -> int:
    """When, by the page's clock."""
    return page.evaluate("""isAway => {
        window.isAway = isAway;
        document.dispatchEvent(new Event("visibilitychange"));
        return Date.now();
    }""", not is_seen)


# How often the camera's page took back that somebody watches.
COUNTS_ENDS = """element => {
    window.ends = 0;
    // It was not hidden before.
    const ends = (changes) => changes.filter(({ oldValue }) => oldValue === null).length;
    new MutationObserver((changes) => { window.ends += ends(changes); }).observe(element, { attributeFilter: ["hidden"], attributeOldValue: true });
}"""


def test_a_viewer_that_can_play_nothing_is_shown_stills(hub, empty_room_browser, viewer_browser):
    camera, _ = start_camera(empty_room_browser, hub)
    watched = camera.locator(".badge-live")
    watched.evaluate(COUNTS_ENDS)
    viewer, viewer_errors = open_viewer(viewer_browser, hub, PLAYS_NOTHING + CAN_BE_AWAY)
    questions = Questions(viewer)
    tile = viewer.locator("pw-live-tile")
    viewer.get_by_role("button", name="Live: Hallway").click()
    expect(tile).to_have_attribute("data-live", "stills", timeout=15_000)
    expect(tile.get_by_text("A still every 3 s", exact=True)).to_be_visible()
    expect(tile.get_by_text("This browser cannot play live video; a current Chrome, Edge, Firefox or Safari can. A still every 3 s is shown instead.")).to_be_visible()
    expect(viewer.locator("#announcements")).to_have_text("Hallway: a still every 3 s.")
    expect(tile.get_by_text("Live", exact=True).first).to_be_hidden()
    canvas = tile.locator("canvas")
    expect(canvas).to_be_visible()
    picture = lambda: canvas.evaluate("canvas => canvas.toDataURL()")
    assert canvas.evaluate("canvas => canvas.width") == 640
    first = picture()
    wait_until(viewer, lambda: int(tile.get_attribute("data-frames")) >= 3)
    assert picture() != first
    assert questions.overlaps == questions.unauthorised == 0
    # Who takes stills watches, all the time.
    expect(watched).to_be_visible()
    assert camera.evaluate("window.ends") == 0
    check_looks(viewer, "stills", targets=False)

    # Nobody asks for a page that nobody sees: as long as two more would have taken.
    looks_at(viewer, False)
    wait_until(viewer, lambda: not questions.open)
    before = questions.asked
    viewer.wait_for_timeout(7000)
    assert questions.asked == before
    expect(watched).to_be_hidden()
    seen_at = looks_at(viewer, True)
    wait_until(viewer, lambda: questions.asked > before and not questions.open)
    # At once, and not when it would have been time.
    assert questions.requests[before].timing["startTime"] - seen_at < 2000
    expect(tile).to_have_attribute("data-live", "stills")

    # A camera that is away: why, and how old what is shown is.
    camera.get_by_role("button", name="Stop watching").click()
    expect(tile).to_have_attribute("data-live", "silent", timeout=15_000)
    expect(tile.get_by_text(re.compile(r"There is no picture: the camera is .* The last still is \d+ s old\."))).to_be_visible()
    expect(viewer.locator("#announcements")).to_contain_text("Hallway: There is no picture: the camera is")
    expect(canvas).to_be_visible()
    check_looks(viewer, "stills-silent", targets=False)
    camera.get_by_role("button", name="Start watching").click()
    expect(tile).to_have_attribute("data-live", "stills", timeout=20_000)

    viewer.get_by_role("button", name="Stop live: Hallway").click()
    expect(tile).to_have_attribute("data-live", "off")
    expect(canvas).to_be_hidden()
    before = questions.asked
    viewer.wait_for_timeout(4000)
    assert questions.asked == before
    # A question without an answer is an error in the console: it is the one that the test asked for.
    assert [error for error in viewer_errors if "503" not in error and "504" not in error] == []


def test_a_picture_that_a_browser_cannot_play_is_shown_as_stills(hub, camera_browser, viewer_browser):
    start_camera(camera_browser, hub, script=NO_ENCODER)
    viewer, viewer_errors = open_viewer(viewer_browser, hub, "MediaSource.isTypeSupported = () => false;")
    viewer.get_by_role("button", name="Live: Hallway").click()
    tile = viewer.locator("pw-live-tile")
    expect(tile.get_by_text(re.compile(r"^This browser cannot play the camera's picture \(video/webm;codecs=.* A still every 3 s is shown instead\.$"))).to_be_visible()
    expect(tile).to_have_attribute("data-live", "stills", timeout=15_000)
    expect(tile.locator("canvas")).to_be_visible()
    assert viewer_errors == []


def test_a_viewer_that_gets_not_even_stills_says_so(hub, camera_browser, viewer_browser):
    start_camera(camera_browser, hub)
    viewer, _ = open_viewer(viewer_browser, hub, PLAYS_NOTHING)
    # Taken away while the page was open.
    refusal = {"error": {"code": "forbidden", "message": "your role does not allow this"}}
    viewer.route("**/snapshot.jpg?*", lambda route: route.fulfill(status=403, json=refusal))
    viewer.get_by_role("button", name="Live: Hallway").click()
    tile = viewer.locator("pw-live-tile")
    expect(tile).to_have_attribute("data-live", "ended")
    expect(tile.get_by_text("There is no picture: your role does not allow this")).to_be_visible()
    expect(viewer.get_by_role("button", name="Live: Hallway")).to_be_visible()


def test_pages_that_play_files_have_no_axe_violations(hub, camera_browser, viewer_browser):
    camera, _ = start_camera(camera_browser, hub, script=NO_ENCODER)
    page = viewer_browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(hub.url)
    sign_in(page)
    watch(page)
    check_looks(page, "live-file", targets=False)
    # The last picture stays.
    camera.get_by_role("button", name="Stop watching").click()
    expect(page.locator("pw-live-tile")).to_have_attribute("data-live", "ended", timeout=15_000)
    check_looks(page, "live-file-ended", targets=False)


def test_a_camera_that_goes_on_in_another_tab_says_so_and_is_taken_back(hub, camera_browser):
    first, first_errors = start_camera(camera_browser, hub)
    second = first.context.new_page()
    second.goto(f"{hub.url}/#/camera")
    expect(second.get_by_label("Device name")).to_have_value("Hallway")
    second.get_by_role("button", name="Start watching").click()
    expect(second.locator("pw-sensor-page")).to_have_attribute("data-state", "watching", timeout=20_000)

    words = "This camera was opened on another page or tab; it goes on there."
    expect(first.get_by_text(words)).to_be_visible()
    expect(first.get_by_role("button", name="Watch here instead")).to_be_focused()
    expect(first.get_by_role("button", name="Try again")).to_be_hidden()
    check(first, "camera-replaced")
    first.get_by_role("button", name="Watch here instead").click()
    expect(first.locator("pw-sensor-page")).to_have_attribute("data-state", "watching", timeout=20_000)
    expect(second.get_by_text(words)).to_be_visible()
    # One camera all the time, in one session.
    token = hub.sign_in(EMAIL)
    _, sessions, _ = hub.call("GET", "/sessions", token=token)
    assert [session["status"] for session in sessions] == ["active"]
    expect(first.locator("pw-sensor-page")).to_have_attribute("data-connection", "open")
    assert first_errors == []
