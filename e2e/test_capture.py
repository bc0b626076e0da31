"""The camera's engine room: what breaks is repaired, settings and commands take effect, and no picture is lost."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from browser import EMAIL, start_camera, wait_until
from chromium import Chromium
from system import CHROMIUM, camera_args
from test_fallback import NO_ENCODER, open_viewer, watch

# Keeps what the page got from the browser, and counts what its workers say.
HOOKS = """
window.streams = [];
window.asked = [];
const devices = navigator.mediaDevices;
const getUserMedia = devices.getUserMedia.bind(devices);
devices.getUserMedia = async (constraints) => {
    window.asked.push(constraints);
    const stream = await getUserMedia(constraints);
    window.streams.push(stream);
    return stream;
};
window.heard = { motion: 0, sound: 0, video: 0, audio: 0, failed: [], stats: null };
window.Worker = class extends Worker {
    constructor(...parameters) {
        super(...parameters);
        this.addEventListener("message", ({ data }) => {
            if (data.type === "chunk") window.heard[data.chunk.track === 0 ? "video" : "audio"]++;
            else if (data.type === "stats") window.heard.stats = data;
            else if (data.type === "failed") window.heard.failed.push(data);
            else if (data.type in window.heard) window.heard[data.type]++;
        });
    }
};
"""
# A camera that can be made to hang.
HANGING = """
navigator.mediaDevices.getUserMedia = async () => {
    window.isHanging = false;
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 640, height: 480 });
    const context = canvas.getContext("2d");
    const timer = setInterval(() => {
        if (window.isHanging) return clearInterval(timer);
        context.fillStyle = `rgb(${Array.from({ length: 3 }, () => Math.random() * 255)})`;
        context.fillRect(Math.random() * 600, Math.random() * 440, 40, 40);
    }, 33);
    return canvas.captureStream(30);
};
""" + HOOKS
# A phone that can be turned: what it shows is a white square, which is one in no other shape of the picture.
TURNS = """
navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    const draw = () => {
        const [width, height] = window.isTurned ? [480, 640] : [640, 480];
        if (canvas.width !== width) Object.assign(canvas, { width, height });
        context.fillStyle = "black";
        context.fillRect(0, 0, width, height);
        context.fillStyle = "white";
        context.fillRect(width / 2 - 100, height / 2 - 100, 200, 200);
    };
    draw();
    setInterval(draw, 33);
    return canvas.captureStream(30);
};
""" + HOOKS
NO_TRACK_PROCESSOR = "delete globalThis.MediaStreamTrackProcessor;" + HOOKS


class Told:
    """What a page told the hub of its health, and what it was asked."""

    def __init__(self, page: Page) -> None:
        self.telemetry: list[dict] = []
        page.on("websocket", lambda socket: socket.on("framesent", self._sent))

    def _sent(self, frame) -> None:
        if isinstance(frame, bytes) or '"device.telemetry"' not in frame:
            return
        self.telemetry += [json.loads(line)["rpc"]["data"]["telemetry"] for line in frame.split("\n") if '"device.telemetry"' in line]

    @property
    def problems(self) -> list[list[str]]:
        return [telemetry["problems"] for telemetry in self.telemetry]


class Listener:
    """A viewer that hears what the hub is told of a device's health."""

    def __init__(self, hub, device_id: str) -> None:
        self.hub = hub
        self.device_id = device_id

    def __enter__(self) -> "Listener":
        self.socket = connect(self.hub.socket_url, subprotocols=["pingwatch.v1"])
        self.socket.send(json.dumps({"id": 1, "connect": {"token": self.hub.sign_in(EMAIL), "data": {"kind": "viewer", "version": "1"}}}))
        self.socket.send(json.dumps({"id": 2, "subscribe": {"channel": f"device:{self.device_id}"}}))
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def wait(self, condition, timeout: float = 40) -> dict:
        deadline = time.monotonic() + timeout
        while True:
            for line in self.socket.recv(timeout=max(0, deadline - time.monotonic())).split("\n"):
                message = json.loads(line)
                if not message:
                    self.socket.send("{}")
                data = message.get("push", {}).get("pub", {}).get("data", {})
                if data.get("type") == "device.telemetry" and condition(data["telemetry"]):
                    return data["telemetry"]


def begin(browser, hub, script: str = HOOKS) -> tuple[Page, list[str], Told]:
    told: list[Told] = []
    page, errors = start_camera(browser, hub, script=script, prepare=lambda page: told.append(Told(page)))
    return page, errors, told[0]


def command(hub, name: str, **args) -> tuple[int, dict]:
    token = hub.sign_in(EMAIL)
    status, answer, _ = hub.call("POST", f"/devices/{device(hub)['device_id']}/commands", {"command": name, "args": args}, token=token)
    return status, answer


def device(hub) -> dict:
    _, devices, _ = hub.call("GET", "/devices", token=hub.sign_in(EMAIL))
    assert len(devices) == 1
    return devices[0]


def change(hub, patch: dict) -> dict:
    status, settings, _ = hub.call("PATCH", f"/devices/{device(hub)['device_id']}/settings", patch, token=hub.sign_in(EMAIL))
    assert status == 200, settings
    return settings


def sessions(hub) -> list[str]:
    _, answer, _ = hub.call("GET", "/sessions", token=hub.sign_in(EMAIL))
    return [session["status"] for session in answer]


def phase(page: Page, name: str) -> None:
    expect(page.locator("pw-sensor-page")).to_have_attribute("data-phase", name, timeout=20_000)


def sees(page: Page, more: int = 10) -> None:
    """New pictures are judged and encoded."""
    before = page.evaluate("window.heard")
    wait_until(page, lambda: all(page.evaluate("window.heard")[part] >= before[part] + more for part in ("motion", "video")))


def records(page: Page) -> None:
    """What is recorded now gets to the hub, be it by a clip that goes on already."""
    page.get_by_role("button", name="Record now").click()
    clip = page.locator("[data-clip-id][data-state=recording]").first.get_attribute("data-clip-id")
    expect(page.locator(f"[data-clip-id='{clip}']")).to_have_attribute("data-state", "stored", timeout=60_000)


def test_a_camera_that_ends_in_the_middle_is_started_again_and_says_so(hub, camera_browser):
    page, errors, told = begin(camera_browser, hub)
    sees(page)
    page.evaluate("for (const track of streams[0].getTracks()) { track.stop(); track.dispatchEvent(new Event('ended')); }")
    wait_until(page, lambda: ["track_ended"] in told.problems)
    expect(page.get_by_text("The camera stopped, and was started again.")).to_be_attached(timeout=20_000)
    wait_until(page, lambda: told.problems[-1] == [])
    assert page.evaluate("streams.length") == 2
    sees(page)
    records(page)
    # Session and connection went on.
    assert sessions(hub) == ["active"]
    phase(page, "watching")
    assert errors == []


def test_a_camera_that_hangs_is_started_again(hub, camera_browser):
    page, errors, told = begin(camera_browser, hub, HANGING)
    sees(page)
    page.evaluate("window.isHanging = true")
    wait_until(page, lambda: ["frozen"] in told.problems)
    expect(page.get_by_text("The camera delivered no new pictures, and was started again.")).to_be_attached(timeout=20_000)
    wait_until(page, lambda: told.problems[-1] == [])
    sees(page)
    assert page.evaluate("streams.length") >= 2
    assert errors == []


def white(page: Page, element: str, pixels: str) -> list[int]:
    """Width and height of what shows the camera, and of the square in its middle."""
    return page.locator(element).evaluate("""(element, pixels) => {
        const [width, height] = pixels === "video" ? [element.videoWidth, element.videoHeight] : [element.width, element.height];
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext("2d");
        context.drawImage(element, 0, 0);
        const count = (x, y, w, h) => context.getImageData(x, y, w, h).data.filter((value, index) => index % 4 === 0 && value > 128).length;
        return [width, height, count(0, height / 2, width, 1), count(width / 2, 0, 1, height)];
    }""", pixels)


def is_square(shown: list[int], size: list[int]) -> bool:
    return shown[:2] == size and all(abs(side - 200) <= 4 for side in shown[2:])


def test_a_phone_that_is_turned_while_it_records_squeezes_no_picture(hub, camera_browser, viewer_browser):
    page, errors, _ = begin(camera_browser, hub, TURNS)
    viewer, viewer_errors = open_viewer(viewer_browser, hub)
    tile = watch(viewer)
    seen = lambda: white(viewer, "pw-live-tile canvas", "canvas")
    wait_until(viewer, lambda: is_square(seen(), [640, 480]))

    page.get_by_role("button", name="Record now").click()
    upright = page.locator("[data-clip-id][data-state=recording]").first.get_attribute("data-clip-id")
    before = page.evaluate("heard.video")
    wait_until(page, lambda: page.evaluate("heard.video") > before + 30)
    page.evaluate("window.isTurned = true")
    wait_until(viewer, lambda: is_square(seen(), [480, 640]))
    expect(tile).to_have_attribute("data-live", "playing")

    # A clip has one shape: what was recorded before is a clip, and what is recorded now another.
    expect(page.locator(f"[data-clip-id='{upright}']")).to_have_attribute("data-state", "stored", timeout=60_000)
    page.get_by_role("button", name="Record now").click()
    turned = page.locator("[data-clip-id][data-state=recording]").first.get_attribute("data-clip-id")
    assert turned != upright
    token = hub.sign_in(EMAIL)
    event = lambda clip: hub.call("GET", f"/events/{clip}", token=token)[1]
    wait_until(page, lambda: event(upright)["status"] == event(turned)["status"] == "done", timeout=60)
    for clip, size in ((upright, [640, 480]), (turned, [480, 640])):
        assert (event(clip)["incomplete"], event(clip)["clip_problem"]) == (False, None)
        viewer.goto(f"{hub.url}/#/event/{clip}")
        video = f"video[data-event-id='{clip}']"
        wait_until(viewer, lambda: viewer.locator(video).evaluate("video => video.readyState >= 1"))
        viewer.locator(video).evaluate("video => new Promise((done) => { video.onseeked = done; video.currentTime = 0.5; })")
        assert is_square(white(viewer, video, "video"), size)
    # The encoder was set to the new shape, and not replaced for having failed.
    assert page.evaluate("[heard.failed, streams.length]") == [[], 1]
    assert errors + viewer_errors == []


def test_a_camera_that_the_system_took_is_told_and_asked_for_again(hub, camera_browser):
    page, errors, told = begin(camera_browser, hub)
    page.evaluate("""() => {
        const [track] = streams[0].getVideoTracks();
        Object.defineProperty(track, "muted", { value: true });
        track.dispatchEvent(new Event("mute"));
    }""")
    wait_until(page, lambda: ["track_muted"] in told.problems)
    wait_until(page, lambda: told.problems[-1] == [])
    assert page.evaluate("streams.length") == 2
    sees(page)
    assert errors == []


def test_a_camera_that_is_not_allowed_any_more_ends_watching(hub, camera_browser):
    page, _, told = begin(camera_browser, hub)
    page.evaluate("""() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
        streams[0].getTracks().forEach((track) => track.stop());
    }""")
    expect(page.locator("pw-sensor-page")).to_have_attribute("data-state", "error", timeout=20_000)
    expect(page.get_by_role("alert").get_by_text("allow the camera")).to_be_visible()
    wait_until(page, lambda: sessions(hub) == ["stopped"])
    assert ["track_ended"] in told.problems


def test_a_hidden_page_is_told_and_goes_on_when_it_is_shown_again(hub, playwright, visits, tmp_path):
    # While Playwright is connected, pages count as shown. What the page tells meanwhile is heard from the hub.
    with Chromium(tmp_path, camera_args(visits)) as chromium:
        browser = playwright.chromium.connect_over_cdp(chromium.url)
        page, errors = start_camera(browser, hub, script=HOOKS, context=browser.contexts[0])
        sees(page)
        with Listener(hub, device(hub)["device_id"]) as listener:
            listener.wait(lambda telemetry: telemetry["problems"] == [] and telemetry["visible"])
            pictures = page.evaluate("heard.motion")
            browser.close()
            other = chromium.open_tab("about:blank")
            hidden = listener.wait(lambda telemetry: "page_hidden" in telemetry["problems"])
            assert hidden["visible"] is False
            # The camera and its worker go on.
            listener.wait(lambda telemetry: not telemetry["visible"] and telemetry["fps"] > 5)
            chromium.close_tab(other)
            browser = playwright.chromium.connect_over_cdp(chromium.url)
            page = next(page for page in browser.contexts[0].pages if "#/camera" in page.url)
            listener.wait(lambda telemetry: telemetry["problems"] == [] and telemetry["visible"])
        expect(page.get_by_text("The screen stays on while watching.")).to_be_visible()
        assert page.evaluate("heard.motion") > pictures + 20
        assert page.evaluate("streams.length") == 1
        sees(page)
        assert errors == []


def test_people_ask_things_of_a_camera_from_elsewhere(hub, camera_browser):
    page, errors, _ = begin(camera_browser, hub)
    sees(page)
    assert command(hub, "torch", on=True) == (200, {"ok": False, "message": "This camera has no torch.", "data": None})

    assert command(hub, "record")[1]["ok"] is True
    expect(page.locator("[data-clip-id]")).to_have_count(1)

    assert command(hub, "stop")[1]["ok"] is True
    phase(page, "standby")
    assert sessions(hub) == ["stopped"]
    assert page.evaluate("streams[0].getTracks().every((track) => track.readyState === 'ended')")
    expect(page.get_by_text("Stopped from another device. Connected to the hub")).to_be_visible()
    assert command(hub, "record")[1] == {"ok": False, "message": "The camera is not watching.", "data": None}

    assert command(hub, "start")[1]["ok"] is True
    phase(page, "watching")
    assert sorted(sessions(hub)) == ["active", "stopped"]
    sees(page)
    assert command(hub, "relearn")[1]["ok"] is True

    before = page.evaluate("asked.length")
    assert command(hub, "camera", facing="user")[1]["ok"] is True
    assert page.evaluate("asked.length") == before + 1
    assert page.evaluate("asked.at(-1).video.facingMode.ideal") == "user"
    sees(page)
    records(page)
    assert errors == []


def test_a_siren_sounds_and_stops(hub, camera_browser):
    script = HOOKS + """
    window.tones = [];
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function () {
        window.tones.push(this);
        this.addEventListener("ended", () => { this.isOver = true; });
        start.call(this);
    };
    """
    page, errors, _ = begin(camera_browser, hub, script)
    assert command(hub, "siren", on=True, seconds=1)[1]["ok"] is True
    wait_until(page, lambda: page.evaluate("tones.length === 1 && tones[0].isOver && tones[0].context.state === 'suspended'"))
    assert command(hub, "siren", on=True, seconds=60)[1]["ok"] is True
    assert page.evaluate("tones[1].context.state") == "running"
    assert command(hub, "siren", on=False)[1]["ok"] is True
    wait_until(page, lambda: page.evaluate("tones[1].context.state === 'suspended'"))
    assert errors == []


def test_settings_take_effect_and_begin_anew_only_what_they_must(hub, camera_browser):
    page, errors, _ = begin(camera_browser, hub)
    sees(page)
    configurations = "heard.stats.encoder.out"
    change(hub, {"capture": {"quality": "low"}, "motion": {"sensitivity": 90}, "clip": {"post_roll_seconds": 1, "pre_roll_seconds": 1}})
    wait_until(page, lambda: page.evaluate("JSON.parse(localStorage['pingwatch.settings']).base.capture.quality") == "low")
    # It is told once in a while.
    wait_until(page, lambda: page.evaluate("heard.stats !== null"))
    out = page.evaluate(configurations)
    wait_until(page, lambda: page.evaluate(configurations) > out)
    assert page.evaluate("asked.length") == 1
    records(page)

    change(hub, {"capture": {"resolution": "720p", "fps": 15, "audio": False}})
    wait_until(page, lambda: page.evaluate("asked.length") == 2)
    assert page.evaluate("asked[1]") == {
        "video": {"facingMode": {"ideal": "environment"}, "width": {"ideal": 1280}, "height": {"ideal": 720}, "frameRate": {"ideal": 15, "max": 15}}}
    wait_until(page, lambda: page.evaluate("streams.length") == 2)
    sees(page)
    wait_until(page, lambda: page.evaluate("streams[1].getVideoTracks()[0].getSettings().frameRate") == 15)
    # What is known here is kept over a reload.
    page.reload()
    assert page.evaluate("JSON.parse(localStorage['pingwatch.settings']).base.capture.resolution") == "720p"
    assert errors == []


# Where the first visitor of the recording is: in below, left of the middle, up to the top of the middle, and out to the right. The edge is slanted, so
# that a polygon that is mirrored, upside down, with x and y exchanged or a rectangle leaves some of that visible.
WAY = [[0.5, 0], [1, 0], [1, 1], [0.2, 1]]
BESIDE_THE_WAY = [[0, 0], [0.5, 0], [0.2, 1], [0, 1]]


def test_a_visitor_in_a_region_that_is_left_out_makes_no_clip(hub, first_visit_browser):
    page, errors, _ = begin(first_visit_browser, hub)
    shown_until = lambda: page.evaluate("document.querySelector('pw-sensor-page video').currentTime")
    events = lambda: {event["event_id"]: event["trigger_type"] for event in hub.call("GET", "/events", token=hub.sign_in(EMAIL))[1]}
    known = lambda: page.evaluate("JSON.parse(localStorage['pingwatch.settings']).base.motion.regions")

    def leave_out(points: list, **more: dict) -> None:
        change(hub, {"motion": {"regions": [{"kind": "ignore", "name": "a part", "points": points}]}, **more})
        wait_until(page, lambda: [each["points"] for each in known()] == [points])

    # Another camera begins the recording anew, however long the page took until here.
    leave_out(WAY, capture={"audio": False})
    wait_until(page, lambda: page.evaluate("streams.length") == 2 and shown_until() < 5)
    before = events()
    # The first visitor, who is there from 6.0 to 19.6 s, has gone.
    wait_until(page, lambda: shown_until() > 21, timeout=40)
    assert events() == before
    # Who comes the same way at 28 s is found: this time it is what is beside the way that is left out.
    leave_out(BESIDE_THE_WAY)
    wait_until(page, lambda: len(events()) == len(before) + 1, timeout=40)
    assert list((events().items() - before.items()))[0][1] == "motion"
    assert errors == []


@pytest.mark.parametrize("script, makes_sound", [(HOOKS, True), (NO_TRACK_PROCESSOR, True), (NO_ENCODER + HOOKS, False)],
                         ids=["tracks", "without track processor", "recorder"])
def test_pictures_and_sound_are_judged_in_the_worker_whatever_the_browser_has(hub, camera_browser, script, makes_sound):
    page, errors, _ = begin(camera_browser, hub, script)
    wait_until(page, lambda: page.evaluate("heard.motion > 20 && heard.sound > 20"))
    if makes_sound:
        wait_until(page, lambda: page.evaluate("heard.video > 20 && heard.audio > 20"))
    else:
        # A recorder encodes beside it.
        assert page.evaluate("[heard.video, heard.audio]") == [0, 0]
    records(page)
    assert page.evaluate("heard.failed") == []
    assert errors == []


@pytest.fixture
def large_camera_browser(playwright, tmp_path):
    """1280x720 at 30 a second, in which something moves all the time."""
    target = tmp_path / "large.mjpeg"
    source = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=20"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *source, "-c:v", "mjpeg", "-q:v", "5", str(target)], check=True)
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=camera_args(target))
    yield browser
    browser.close()


def test_every_picture_of_1280x720_at_30_a_second_is_encoded_while_motion_runs(hub, large_camera_browser):
    page, errors, _ = begin(large_camera_browser, hub)
    change(hub, {"capture": {"resolution": "720p"}})
    wait_until(page, lambda: page.evaluate("streams.length === 2 && streams[1].getVideoTracks()[0].getSettings().height === 720"))
    page.evaluate("heard.stats = null")
    # The first second is that of starting.
    wait_until(page, lambda: page.evaluate("heard.stats?.encoder.out > 30"))
    first = page.evaluate("({ ...heard.stats.encoder, motion: heard.motion })")
    wait_until(page, lambda: page.evaluate("heard.stats.encoder.in") >= first["in"] + 240, timeout=60)
    last = page.evaluate("({ ...heard.stats.encoder, motion: heard.motion })")
    came, dropped, out = (last[name] - first[name] for name in ("in", "dropped", "out"))
    assert dropped == 0, f"{dropped} of {came} pictures were dropped"
    assert abs(came - out) <= 5, f"{came} came, {out} were encoded"
    assert last["motion"] - first["motion"] > 40
    assert page.evaluate("heard.failed") == []
    assert errors == []
