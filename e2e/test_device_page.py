"""A camera's page on another device: asking it things, its settings, regions on a still, its health, and events about it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import uuid

import pytest
from playwright.sync_api import Page, expect

from browser import sign_in, start_camera, wait_until, watch_errors
from system import ROOT, Hub
from looks import check, check_looks, check_targets, looks

sys.path.insert(0, str(ROOT / "Tests" / "integration"))
from sensor import LAST, STILL, Peer, frame, publications  # noqa: E402

EMAIL = "me@example.org"
TELEMETRY = {
    "fps": 29.8, "dropped_share": 0.01, "encoder_lag_ms": 35, "battery": 0.42, "charging": False, "storage_left_bytes": 12_000_000_000,
    "network": "wifi", "rtt_ms": 14, "clock_offset_ms": 120, "visible": True, "problems": [],
}


class Phone(Peer):
    """A camera's connection without a camera. Python has no thread for it: `serve` is called while the browser waits."""

    def __init__(self, hub, token: str, device: str) -> None:
        super().__init__(hub, token, device)
        self.answered = 0
        self.commands: list[tuple[str, dict]] = []
        self.answers: dict[str, dict | None] = {}

    def serve(self, page: Page, condition) -> None:
        """Answers commands until the condition holds; `answers` has what is not simply done, None is silence."""
        def step() -> bool:
            try:
                self.receive(0.02)
            except TimeoutError:
                pass
            asked = [push["message"]["data"] for push in self.pushes if push.get("message", {}).get("data", {}).get("type") == "command"]
            for command in asked[self.answered:]:
                self.answered += 1
                self.commands.append((command["command"], command["args"]))
                answer = self.answers.get(command["command"], {"ok": True})
                if answer is not None:
                    self.rpc("device.commandResult", {"id": command["id"], **answer})
            return condition()
        wait_until(page, step)

    def tell(self, **telemetry) -> None:
        self.rpc("device.telemetry", {"telemetry": TELEMETRY | telemetry})


def register(hub, label: str = "Hallway") -> tuple[str, str]:
    token = hub.sign_in(EMAIL)
    status, device, _ = hub.call("POST", "/devices/register", {"label": label}, token)
    assert status < 300, device
    return token, device["device_id"]


def settings_of(hub, token: str, device: str) -> dict:
    status, settings, _ = hub.call("GET", f"/devices/{device}/settings", token=token)
    assert status == 200, settings
    return settings


def open_page(browser, hub, device: str) -> tuple[Page, list[str]]:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    errors = watch_errors(page)
    page.goto(f"{hub.url}/#/camera-settings/{device}")
    sign_in(page)
    expect(page.get_by_role("heading", name="Camera: ")).to_be_visible()
    expect(page.get_by_role("heading", name="Motion", exact=True)).to_be_visible()
    return page, errors


def click_at(page: Page, x: float, y: float) -> None:
    box = page.locator(".regions-stage").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def answer_of(page: Page, name: str):
    return page.locator(".answers li").filter(has_text=name).first


def test_a_camera_is_stopped_started_and_asked_for_a_picture(hub, viewer_browser, camera_browser):
    camera, camera_errors = start_camera(camera_browser, hub)
    page = viewer_browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    errors = watch_errors(page)
    page.goto(hub.url)
    sign_in(page)
    page.get_by_role("link", name="Camera settings: Hallway").click()
    expect(page.get_by_role("heading", name="Camera: Hallway")).to_be_visible()
    page.get_by_role("button", name="Record now").click()
    expect(answer_of(page, "Record now")).to_contain_text("It records a clip.")
    page.get_by_role("button", name="Take a picture", exact=True).click()
    picture = page.locator(".taken img")
    expect(picture).to_be_visible(timeout=20_000)
    wait_until(page, lambda: picture.evaluate("image => image.naturalWidth") >= 320)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save", exact=True).click()
    assert download.value.suggested_filename.startswith("Hallway-2")
    page.get_by_role("button", name="Stop watching").click()
    expect(answer_of(page, "Stop watching")).to_contain_text("It has stopped watching.")
    expect(page.locator("header .badge").first).to_have_text("Online")
    expect(camera.locator("pw-sensor-page")).not_to_have_attribute("data-state", "watching")
    page.get_by_role("button", name="Record now").click()
    expect(answer_of(page, "Record now")).to_contain_text("The camera is not watching.")
    page.get_by_role("button", name="Start watching").click()
    expect(answer_of(page, "Start watching")).to_contain_text("It watches.", timeout=15_000)
    expect(page.locator("header .badge").first).to_have_text("Watching")
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("link", name="Camera settings: Hallway")).to_be_focused()
    assert camera_errors == []
    # What a camera without pictures is asked for is refused with an error's status, which browsers report.
    assert [error for error in errors if "Failed to load resource" not in error] == []


def test_commands_say_what_became_of_them(hub, viewer_browser):
    token, device = register(hub)
    page, _ = open_page(viewer_browser, hub, device)
    # Offline: nothing is asked, and it is said why.
    expect(page.get_by_text("The camera is offline, so it cannot be asked anything now.")).to_be_visible()
    torch = page.get_by_role("button", name="Torch on")
    expect(torch).to_have_attribute("aria-disabled", "true")
    # It can be reached and pressed, and does nothing.
    torch.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".answers")).to_be_hidden()

    phone = Phone(hub, token, device)
    expect(torch).to_have_attribute("aria-disabled", "false")
    phone.answers["torch"] = {"ok": False, "message": "This camera has no torch."}
    torch.click()
    expect(answer_of(page, "Torch on")).to_contain_text("The camera is being asked…")
    phone.serve(page, lambda: phone.commands == [("torch", {"on": True})])
    expect(answer_of(page, "Torch on")).to_contain_text("This camera has no torch.")

    # The siren is asked about first.
    page.get_by_role("button", name="Siren…").click()
    page.get_by_label("For", exact=True).select_option("5 s")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Siren…")).to_be_focused()
    page.get_by_role("button", name="Siren…").click()
    page.get_by_label("For", exact=True).select_option("30 s")
    page.get_by_role("button", name="Sound the siren").click()
    phone.serve(page, lambda: len(phone.commands) == 2)
    assert phone.commands[1] == ("siren", {"on": True, "seconds": 30})
    page.get_by_role("button", name="Silence the siren").click()
    phone.serve(page, lambda: len(phone.commands) == 3)
    assert phone.commands[2][1]["on"] is False
    expect(page.get_by_role("button", name="Silence the siren")).to_be_hidden()

    page.get_by_role("button", name="Switch camera").click()
    phone.serve(page, lambda: len(phone.commands) == 4)
    assert phone.commands[3] == ("camera", {"facing": "user"})
    phone.answers["relearn"] = None
    page.get_by_role("button", name="Relearn the scene").click()
    phone.serve(page, lambda: len(phone.commands) == 5)
    expect(answer_of(page, "Relearn the scene")).to_contain_text("does not answer", timeout=15_000)
    page.get_by_role("button", name="Record now").click()
    phone.close()
    expect(answer_of(page, "Record now")).to_contain_text("not connected", timeout=15_000)


def test_settings_are_saved_and_wrong_ones_are_named(hub, viewer_browser):
    token, device = register(hub)
    page, errors = open_page(viewer_browser, hub, device)
    field = lambda path: page.locator(f"[data-setting='{path}']")  # noqa: E731
    page.get_by_label("Resolution").select_option("1280 × 720")
    expect(field("capture.resolution")).to_contain_text("Saved.")
    page.get_by_role("switch", name="Preview first").click()
    expect(field("preview_first")).to_contain_text("Saved.")
    slider = page.get_by_label("Sensitivity to motion")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(field("motion.sensitivity")).to_contain_text("Saved.")
    page.get_by_label("Longest clip").fill("30")
    page.keyboard.press("Tab")
    expect(field("clip.max_seconds")).to_contain_text("Saved.")
    settings = settings_of(hub, token, device)
    assert settings["capture"]["resolution"] == "720p" and settings["preview_first"]
    assert settings["motion"]["sensitivity"] == 55 and settings["clip"]["max_seconds"] == 30

    # What cannot be is said before the hub has to.
    page.get_by_label("Before the trigger").fill("99")
    page.keyboard.press("Tab")
    expect(field("clip.pre_roll_seconds")).to_contain_text("Before the trigger: a whole number from 1 to 10 s is expected.")
    expect(page.get_by_label("Before the trigger")).to_have_value("99")
    page.get_by_label("Before the trigger").fill("6")
    page.keyboard.press("Tab")
    expect(field("clip.pre_roll_seconds")).to_contain_text("Saved.")

    # Somebody else's change appears by itself.
    status, settings, _ = hub.call("PATCH", f"/devices/{device}/settings", {"capture": {"fps": 12}}, token)
    assert status == 200, settings
    expect(page.get_by_label("Pictures a second")).to_have_value("12")
    assert errors == []


def test_a_change_on_top_of_an_unknown_one_is_not_made(hub, viewer_browser):
    token, device = register(hub)
    page, _ = open_page(viewer_browser, hub, device)
    # The news of the other change is late.
    others: list[int] = []

    def race(route):
        if route.request.method == "PATCH" and not others:
            others.append(1)
            hub.call("PATCH", f"/devices/{device}/settings", {"capture": {"quality": "low"}}, token)
        route.continue_()
    page.route("**/settings", race)
    page.get_by_label("Quality").select_option("High")
    expect(page.locator("[data-setting='capture.quality']")).to_contain_text("Somebody changed these settings meanwhile.")
    expect(page.get_by_label("Quality")).to_have_value("low")
    assert settings_of(hub, token, device)["capture"]["quality"] == "low"
    page.get_by_label("Quality").select_option("High")
    expect(page.locator("[data-setting='capture.quality']")).to_contain_text("Saved.")
    assert settings_of(hub, token, device)["capture"]["quality"] == "high"


def test_the_hubs_word_on_a_field_is_shown_at_it(hub, viewer_browser, tmp_path):
    _, device = register(hub)
    page, _ = open_page(viewer_browser, hub, device)
    error = {"error": {"code": "invalid_field", "message": "it must be at most 20", "field": "clip.max_seconds"}}
    page.route("**/settings", lambda route: route.fulfill(status=400, json=error) if route.request.method == "PATCH" else route.continue_())
    page.get_by_label("Longest clip").fill("30")
    page.keyboard.press("Tab")
    expect(page.locator("[data-setting='clip.max_seconds']")).to_contain_text("Longest clip: it must be at most 20")
    expect(page.get_by_label("Longest clip")).to_have_attribute("aria-invalid", "true")


def test_regions_are_drawn_with_the_mouse(hub, viewer_browser, camera_browser):
    camera, _ = start_camera(camera_browser, hub)
    token = hub.sign_in(EMAIL)
    device = hub.call("GET", "/devices", token=token)[1][0]["device_id"]
    page, errors = open_page(viewer_browser, hub, device)
    page.get_by_role("button", name="Ignore a region").click()
    expect(page.locator(".regions-stage img")).to_be_visible(timeout=20_000)
    for x, y in [(0.1, 0.1), (0.5, 0.1), (0.5, 0.5)]:
        click_at(page, x, y)
    # Across an edge: refused, in words.
    click_at(page, 0.3, 0.05)
    expect(page.get_by_text("Put the point elsewhere.")).to_be_visible()
    click_at(page, 0.1, 0.5)
    click_at(page, 0.1, 0.1)
    expect(page.get_by_label("Name of region 1")).to_be_focused()
    page.keyboard.type("tree")
    expect(page.get_by_text("16\u00a0% of the picture is left out.")).to_be_visible()
    # A corner is dragged.
    page.get_by_role("button", name="Edit points: Region 1").click()
    handle = page.get_by_role("button", name="Point 3 of 4")
    box, stage = handle.bounding_box(), page.locator(".regions-stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(stage["x"] + 0.8 * stage["width"], stage["y"] + 0.8 * stage["height"], steps=5)
    page.mouse.up()
    check(page, "device-regions-desk-light")
    page.get_by_role("button", name="Save regions").click()
    expect(page.locator(".regions").get_by_text("Saved.")).to_be_visible()
    [region] = settings_of(hub, token, device)["motion"]["regions"]
    assert (region["kind"], region["name"], len(region["points"])) == ("ignore", "tree", 4)
    for point, wanted in zip(region["points"], [(0.1, 0.1), (0.5, 0.1), (0.8, 0.8), (0.1, 0.5)]):
        assert point == pytest.approx(wanted, abs=0.02)
    assert errors == []


def test_regions_are_drawn_by_touch(hub, viewer_browser):
    token, device = register(hub)
    context = viewer_browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{hub.url}/#/camera-settings/{device}")
    sign_in(page)
    page.get_by_role("button", name="Watch a region").tap()
    stage = page.locator(".regions-stage")
    size = stage.bounding_box()
    for x, y in [(0.2, 0.2), (0.8, 0.2), (0.5, 0.9)]:
        stage.tap(position={"x": x * size["width"], "y": y * size["height"]})
    page.get_by_role("button", name="Finish region").tap()
    page.get_by_role("button", name="Save regions").tap()
    expect(page.locator(".regions").get_by_text("Saved.")).to_be_visible()
    [region] = settings_of(hub, token, device)["motion"]["regions"]
    assert region["kind"] == "watch" and len(region["points"]) == 3


def test_regions_are_drawn_with_the_keyboard(hub, viewer_browser):
    token, device = register(hub)
    page, errors = open_page(viewer_browser, hub, device)
    press = page.keyboard.press
    page.get_by_role("button", name="Watch a region").focus()
    press("Enter")
    expect(page.get_by_role("application", name="Picture to draw on")).to_be_focused()
    press("Enter")
    for keys in [["Shift+ArrowRight"] * 4, ["Shift+ArrowDown"] * 4, ["Shift+ArrowLeft"] * 4]:
        for key in keys:
            press(key)
        press("Enter")
    # One back, and again.
    press("Backspace")
    expect(page.locator(".draft-point")).to_have_count(3)
    press("Enter")
    page.get_by_role("button", name="Finish region").focus()
    press("Enter")
    expect(page.get_by_label("Name of region 1")).to_be_focused()
    page.get_by_role("button", name="Edit points: Region 1").focus()
    press("Enter")
    first = page.get_by_role("button", name="Point 1 of 4")
    expect(first).to_be_focused()
    press("ArrowLeft")
    press("Shift+ArrowUp")
    press("+")
    expect(page.get_by_role("button", name="Point 2 of 5")).to_be_focused()
    press("Delete")
    expect(page.get_by_role("button", name="Point 2 of 4")).to_be_focused()
    # It stops where the edges would cross.
    for _ in range(12):
        press("Shift+ArrowDown")
    expect(page.get_by_text("must not cross or touch each other")).to_be_visible()
    press("Control+z")
    page.get_by_role("button", name="Save regions").focus()
    press("Enter")
    expect(page.locator(".regions").get_by_text("Saved.")).to_be_visible()
    [region] = settings_of(hub, token, device)["motion"]["regions"]
    assert region["kind"] == "watch" and region["points"][0] == [0.49, 0.45] and region["points"][2:] == [[0.7, 0.7], [0.5, 0.7]]

    page.get_by_role("button", name="Delete: Region 1").focus()
    press("Enter")
    page.get_by_role("button", name="Undo").focus()
    press("Enter")
    expect(page.locator(".regions-list li")).to_have_count(1)
    page.get_by_role("button", name="Delete: Region 1").focus()
    press("Enter")
    page.get_by_role("button", name="Save regions").focus()
    press("Enter")
    expect(page.locator(".regions").get_by_text("Saved.")).to_be_visible()
    assert settings_of(hub, token, device)["motion"]["regions"] == []
    assert errors == []


def test_regions_that_somebody_else_changed_are_not_lost(hub, viewer_browser):
    token, device = register(hub)
    page, _ = open_page(viewer_browser, hub, device)
    page.get_by_role("button", name="Ignore a region").click()
    for x, y in [(0.1, 0.1), (0.5, 0.1), (0.5, 0.5)]:
        click_at(page, x, y)
    page.get_by_role("button", name="Finish region").click()
    theirs = {"kind": "watch", "name": "door", "points": [[0, 0], [1, 0], [1, 1]]}
    hub.call("PATCH", f"/devices/{device}/settings", {"motion": {"regions": [theirs]}}, token)
    expect(page.get_by_text("Somebody else changed the regions meanwhile.")).to_be_visible()
    expect(page.locator(".regions-list li")).to_have_attribute("data-kind", "ignore")
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_label("Name of region 1")).to_have_value("door")
    assert settings_of(hub, token, device)["motion"]["regions"] == [theirs]


def test_health_is_said_in_words(hub, viewer_browser):
    token, device = register(hub)
    phone = Phone(hub, token, device)
    page, errors = open_page(viewer_browser, hub, device)
    phone.tell()
    health = page.get_by_role("region", name="Health")
    expect(health).to_contain_text("All is well.")
    expect(health).to_contain_text("42\u00a0%, not charging")
    expect(health).to_contain_text("Last heard")
    phone.tell(problems=["covered", "battery_low"], battery=0.08)
    expect(health.locator("[data-problem='covered']")).to_contain_text("Nothing is seen until it is gone.")
    expect(health.locator("[data-problem='battery_low']")).to_contain_text("Plug the phone in.")
    page.get_by_role("link", name="Back").click()
    attention = page.get_by_role("link", name="Needs attention: The lens is covered, and 1 more")
    expect(attention).to_be_visible()
    attention.click()
    expect(page.locator("header").get_by_text("The lens is covered, and 1 more")).to_be_visible()
    phone.tell()
    expect(health).to_contain_text("All is well.")
    phone.close()
    expect(page.get_by_text("Offline since").first).to_be_visible(timeout=20_000)
    assert errors == []


def test_a_camera_that_is_not_well_and_then_away_is_in_the_timeline(tmp_path, viewer_browser):
    hub = Hub(tmp_path / "health", ATTENTION_SECONDS="1", OFFLINE_SECONDS="2").start()
    try:
        token, device = register(hub)
        hub.call("POST", "/sessions/start", {"device_id": device}, token)
        phone = Phone(hub, token, device)
        page = viewer_browser.new_context(viewport={"width": 360, "height": 740}).new_page()
        errors = watch_errors(page)
        page.goto(hub.url)
        sign_in(page)
        phone.tell(problems=["covered"])
        notice = page.get_by_role("link", name="Needs attention", exact=True)
        phone.serve(page, notice.is_visible)
        phone.tell()
        phone.close()
        expect(page.get_by_role("link", name="Camera offline")).to_be_visible(timeout=20_000)
        phone = Phone(hub, token, device)
        phone.tell()
        expect(page.get_by_role("link", name="Camera back online")).to_be_visible(timeout=20_000)
        check(page, "notices-phone-light")
        notice.click()
        expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
        expect(page.get_by_text("What happened")).to_be_visible()
        expect(page.locator("[data-problem='covered']")).to_contain_text("Nothing is seen until it is gone.")
        expect(page.locator(".player video, .player p")).to_have_count(0)
        check(page, "notice-phone-light")
        assert errors == []
    finally:
        hub.stop()


def jpeg(source: str = "testsrc=size=640x480:rate=1,crop=400:300:40:40,scale=640:480,lutyuv=y=val*0.5+60") -> bytes:
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "1", "-f", "mjpeg", "-"]
    return subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


def test_a_clip_that_stays_on_the_camera_is_fetched(hub, viewer_browser):
    token, device = register(hub)
    status, session, _ = hub.call("POST", "/sessions/start", {"device_id": device}, token)
    assert status < 300, session
    phone = Phone(hub, token, device)
    opened = phone.open_clip(session["session_id"], preview=True)
    for number in range(3):
        phone.send(frame(STILL, opened["stream"], number, jpeg(), LAST if number == 2 else 0))
    assert not phone.wait_publication("clip.verdict")["wanted"]
    page = viewer_browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(hub.url)
    sign_in(page)
    page.get_by_role("link", name="Motion · on the camera").click()
    stills = page.get_by_role("img", name="of 3,")
    expect(stills).to_have_count(3)
    wait_until(page, lambda: stills.last.evaluate("image => image.naturalWidth") == 640)
    check(page, "on-camera-phone-light")
    page.get_by_role("button", name="Fetch the clip").click()
    expect(page.get_by_role("heading", name="Motion · being fetched")).to_be_visible()
    expect(page.get_by_text("Asked for: the clip comes as soon as the camera has sent it.").first).to_be_visible()
    event = {"event_id": opened["event"]["event_id"]}
    assert phone.wait_publication("clip.request")["event_id"] == event["event_id"]
    check(page, "on-camera-asked-phone-light")
    page.get_by_role("button", name="Ask again").click()
    wait_until(page, lambda: phone.ask({"ping": {}}) and len(publications(phone, "clip.request")) == 2)
    phone.rpc("clip.gone", {**event, "reason": "the phone has deleted the clip to make room"})
    expect(page.get_by_role("heading", name="Motion", exact=True)).to_be_visible()
    expect(page.get_by_text("The clip is gone. The pictures are all there is.")).to_be_visible()
    expect(page.get_by_text("The phone has deleted the clip to make room.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Ask again|Fetch"))).to_have_count(0)
    expect(stills).to_have_count(3)
    check_looks(page, "clip-gone")


def event(device: str, kind: str, **more) -> dict:
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    return {
        "event_id": str(uuid.uuid4()), "device_id": device, "device_label": "Hallway", "trigger_type": kind, "status": "done", "triggered_at": now,
        "updated_at": now, "started_at": None, "duration_seconds": None, "clip_mime": None, "clip_url": None, "poster_url": None,
        "thumbnail_url": None,
        "causes": [{"type": kind, "at": now, "score": None}], "tags": [], "summary": None, **more,
    }


def test_causes_are_told_in_their_order_and_a_clip_of_a_camera_that_is_away_is_not_fetched(hub, viewer_browser):
    """The hub's answers as its documents have them."""
    _, device = register(hub)
    both = event(device, "motion", causes=[{"type": "sound", "at": "2026-01-01T10:00:03.000Z"}, {"type": "motion", "at": "2026-01-01T10:00:00.000Z"}])
    kept = event(device, "tamper", clip_state="on_device")
    by_id = {one["event_id"]: one for one in [both, kept]}

    def answer(route):
        path = route.request.url.split("/events", 1)[1].split("?")[0].strip("/").split("/")
        if path == [""]:
            route.fulfill(json=list(by_id.values()))
        elif path[1:] == ["clip", "request"]:
            route.fulfill(status=409, json={"error": {"code": "camera_offline", "message": "the camera is not connected"}})
        else:
            route.fulfill(json=[] if len(path) > 1 else by_id[path[0]])

    page = viewer_browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    page.route(re.compile(re.escape(hub.url) + r"/events\b"), answer)
    page.goto(hub.url)
    sign_in(page)
    page.get_by_role("link", name="Motion, then sound").click()
    expect(page.locator("dd", has_text=", sound ")).to_contain_text("Motion")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="Tampering · on the camera").click()
    page.get_by_role("button", name="Fetch the clip").click()
    expect(page.get_by_text("Its clip can be fetched when it is back.")).to_be_visible()


def test_the_page_has_no_axe_violations(hub, viewer_browser):
    token, device = register(hub)
    page, _ = open_page(viewer_browser, hub, device)
    expect(page.get_by_text("Offline since").or_(page.get_by_text("It was never connected.")).first).to_be_visible()
    check_looks(page, "device-offline", targets=False)
    phone = Phone(hub, token, device)
    phone.tell(problems=["covered", "battery_low"])
    hub.call("PATCH", f"/devices/{device}/settings", {"motion": {"regions": [
        {"kind": "ignore", "name": "tree", "points": [[0.05, 0.05], [0.4, 0.1], [0.3, 0.6]]},
        {"kind": "watch", "name": "", "points": [[0.5, 0.3], [0.95, 0.3], [0.95, 0.95], [0.5, 0.9]]},
    ]}}, token)
    expect(page.locator(".regions-list li")).to_have_count(2)
    expect(page.locator("[data-problem='covered']")).to_be_visible()
    page.get_by_role("button", name="Record now").click()
    phone.serve(page, lambda: phone.commands != [])
    expect(answer_of(page, "Record now")).to_contain_text("It records a clip.")
    page.get_by_role("button", name="Siren…").click()
    page.get_by_role("button", name="Edit points: Region 2").click()
    expect(page.get_by_role("button", name="Point 1 of 4")).to_be_focused()
    for look in looks(page):
        # The hub gives up a camera of which it hears nothing for half a minute.
        phone.ask({"ping": {}})
        check_targets_except_points(page, f"device-{look}")
        check(page, f"device-{look}")
    page.get_by_role("button", name="Ignore a region").click()
    click_at(page, 0.3, 0.7)
    click_at(page, 0.45, 0.9)
    for look in looks(page):
        phone.ask({"ping": {}})
        check(page, f"device-drawing-{look}")
    page.get_by_role("button", name="Cancel drawing").click()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("link", name="Needs attention: The lens is covered, and 1 more")).to_be_visible()
    check_looks(page, "home-attention", targets=False)


def check_targets_except_points(page: Page, name: str) -> None:
    """Points lie where their region has them, and are 28 px."""
    points = page.locator(".region-point").evaluate_all("points => points.map((point) => point.getBoundingClientRect().height)")
    assert points and min(points) >= 24
    page.locator(".regions-handles").evaluate("handles => { handles.hidden = true; }")
    check_targets(page, name)
    page.locator(".regions-handles").evaluate("handles => { handles.hidden = false; }")
