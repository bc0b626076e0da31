"""The sensor page as a person sees it: first run, walk test, what is on the phone, the dimmed screen, by touch and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser import EMAIL, sign_in, start_camera, wait_until, watch_errors
from gate import Gate
from system import CHROMIUM, Hub, camera_args
from test_fallback import NO_ENCODER, NO_H264
from test_offline import KEPT, clip_row, is_uploaded, kept, unexpected
from looks import check, check_looks

# What the browser was asked for before anybody pressed anything.
COUNT_QUESTIONS = """
window.questions = 0;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (constraints) => { window.questions++; return ask(constraints); };
"""
SET_UP = "localStorage.setItem('pingwatch.setup', 'done');"


@pytest.fixture
def gate(hub):
    gate = Gate(hub.port)
    yield gate
    gate.stop()


def sensor_page(page: Page):
    return page.locator("pw-sensor-page")


def open_page(browser, hub, script: str | None = None) -> tuple[Page, list[str]]:
    """As `start_camera`, but nothing was pressed yet."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    errors = watch_errors(page)
    page.goto(f"{hub.url}/#/camera")
    sign_in(page)
    expect(page.get_by_role("button", name="Start watching")).to_be_visible()
    return page, errors


def begin(page: Page, label: str = "Hallway") -> None:
    page.get_by_label("Device name").fill(label)
    page.get_by_role("button", name="Start watching").click()
    expect(sensor_page(page)).to_have_attribute("data-state", "watching", timeout=30_000)


def plays(page: Page, row) -> dict:
    """The clip of a row plays from the phone; what the player says of it."""
    row.get_by_role("button", name=re.compile("^Play")).click()
    video = row.locator("video")
    expect(video).to_be_visible()
    wait_until(page, lambda: video.evaluate("video => video.currentTime > 0.5 && video.videoWidth > 0"))
    return video.evaluate("video => ({ duration: video.duration, error: video.error?.message ?? null })")


def test_why_a_camera_is_needed_is_said_before_the_browser_asks_and_none_is_said_in_words(hub, viewer_browser):
    page, errors = open_page(viewer_browser, hub, script=COUNT_QUESTIONS)
    reasons = page.get_by_role("list", name="What the browser will ask, and why")
    expect(reasons.get_by_text("Microphone, if you like")).to_be_visible()
    expect(reasons.get_by_text("Nothing goes elsewhere")).to_be_visible()
    assert page.evaluate("window.questions") == 0
    check(page, "camera-first")
    page.get_by_label("Device name").fill("Hallway")
    page.get_by_role("button", name="Start watching").click()
    expect(page.get_by_text("No camera was found.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_enabled()
    assert page.evaluate("window.questions") > 0
    assert errors == []


def test_a_refusal_is_explained_for_this_browser_and_asked_again(playwright, hub, visits):
    args = [a for a in camera_args(visits) if "fake-ui" not in a] + ["--use-fake-ui-for-media-stream=deny"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
    try:
        page, _ = open_page(browser, hub, script=COUNT_QUESTIONS)
        page.get_by_label("Device name").fill("Hallway")
        page.get_by_role("button", name="Start watching").click()
        alert = page.get_by_role("alert")
        expect(alert.get_by_text("The camera is not allowed for this page.")).to_be_visible()
        expect(alert.get_by_role("listitem")).to_have_text([
            "Click the icon left of the address.", "Switch Camera on, and Microphone if you want sound.", "Then come back here and try again."])
        asked = page.evaluate("window.questions")
        page.get_by_role("button", name="Try again").click()
        wait_until(page, lambda: page.evaluate("window.questions") > asked)
        expect(alert.get_by_text("The camera is not allowed for this page.")).to_be_visible()
        check(page, "camera-refused")
    finally:
        browser.close()


def test_a_camera_that_was_allowed_before_needs_one_tap(hub, camera_browser):
    page, errors = start_camera(camera_browser, hub, script=SET_UP)
    page.reload()
    expect(page.get_by_role("heading", name="“Hallway” is ready")).to_be_visible()
    expect(page.get_by_role("list", name="What the browser will ask, and why")).to_be_hidden()
    page.get_by_role("button", name="Start watching").click()
    expect(sensor_page(page)).to_have_attribute("data-state", "watching", timeout=30_000)
    expect(page.locator("pw-sensor-setup")).to_be_hidden()
    assert errors == []


def test_the_walk_test_counts_who_walks_by_and_who_says_that_they_were_missed(hub, walker_browser):
    page, errors = start_camera(walker_browser, hub)
    setup = page.get_by_role("region", name="Set up this camera")
    expect(setup.get_by_role("heading", name="Place the phone")).to_be_visible()
    expect(page.locator(".view-grid")).to_be_visible()
    expect(setup.get_by_text("The picture is fine.")).to_be_visible()
    setup.get_by_role("button", name="Next: walk test").click()
    expect(page.locator(".view-grid")).to_be_hidden()
    walk = page.locator("pw-walk-test")
    # Over, once the fourth visit has ended.
    expect(walk.get_by_text("The camera sees who walks there.")).to_be_visible(timeout=60_000)
    expect(walk.get_by_text("You were seen in 4 of 4 passes", exact=True)).to_be_visible()
    check(page, "walk-done-phone-light")
    walk.get_by_role("button", name="Walk again").click()
    for _ in range(3):
        walk.get_by_role("button", name="I walked by and was not seen").click()
    expect(walk.get_by_text("Some passes were missed.")).to_be_visible(timeout=60_000)
    expect(walk.get_by_text("You were seen in 1 of 4 passes", exact=True)).to_be_visible()
    slider = walk.get_by_role("slider", name="Sensitivity")
    expect(slider).to_have_value("50")
    walk.get_by_role("button", name="Make it more sensitive").click()
    expect(slider).to_have_value("80")
    expect(page.get_by_role("region", name="Motion").get_by_role("slider")).to_have_value("80")

    # Nobody gets alerts yet, which is said together with how to change it.
    setup.get_by_role("button", name="Next: test alert").click()
    expect(setup.get_by_text("Nobody gets alerts of this camera yet.")).to_be_visible()
    setup.get_by_role("button", name="Done: dim the screen").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(setup).to_be_hidden()
    page.get_by_role("button", name="Placement and walk test").click()
    expect(setup).to_be_visible()
    assert errors == []


def test_a_test_alert_goes_to_who_gets_alerts(hub, bot, camera_browser):
    page, errors = start_camera(camera_browser, hub)
    token = hub.sign_in(EMAIL)
    _, devices, _ = hub.call("GET", "/devices", token=token)
    _, link, _ = hub.call("POST", "/notifications/telegram/link/start", {"device_id": devices[0]["device_id"]}, token)
    bot.user_sends(4711, link["fallback_command"])
    status = f"/notifications/telegram/link/status?device_id={devices[0]['device_id']}&attempt_id={link['attempt_id']}"
    wait_until(page, lambda: hub.call("GET", status, token=token)[1]["linked"])
    page.get_by_role("button", name="Next: walk test").click()
    page.get_by_role("button", name="Next: test alert").click()
    # Telegram takes one message a second for a chat, and has just sent that it is linked.
    page.wait_for_timeout(1100)
    page.get_by_role("button", name="Send a test alert").click()
    expect(page.locator("pw-test-alert").get_by_text("Sent. It should be in the chat now.")).to_be_visible(timeout=20_000)
    assert [m.chat for m in bot.messages if "test" in (m.text or "").lower()] == ["4711"]
    assert errors == []


@pytest.mark.parametrize("script", ["", NO_H264, NO_ENCODER], ids=["H.264", "VP8", "recorder"])
def test_a_clip_plays_from_the_phone_with_no_hub(hub, empty_room_browser, script):
    page, errors = start_camera(empty_room_browser, hub, script=SET_UP + script)
    page.wait_for_timeout(2500)
    page.get_by_role("button", name="Record now").click()
    row = page.locator("[data-clip-id]").last
    expect(row).to_have_attribute("data-state", "stored", timeout=60_000)
    expect(row.locator("img")).to_be_visible()
    wait_until(page, lambda: is_uploaded(page))
    hub.stop()
    expect(sensor_page(page)).not_to_have_attribute("data-connection", "open")
    # A sound may have caused a clip of its own.
    clip = row.get_attribute("data-clip-id")
    record = next(record for record in kept(page) if record["id"] == clip)
    about = plays(page, row)
    assert about["error"] is None
    if script != NO_ENCODER:
        # A recorder's file does not say how long it is.
        assert abs(about["duration"] - (record["lastTimestamp"] - record["firstTimestamp"]) / 1e6) < 0.3
    row.get_by_role("button", name=re.compile("^Close")).click()
    expect(row.locator("video")).to_have_count(0)
    assert unexpected(errors) == []


def test_what_was_recorded_before_a_reload_plays_while_the_hub_is_away_and_what_is_stored_stays(hub, gate, one_visit_browser):
    page, errors = start_camera(one_visit_browser, gate, script=SET_UP)
    clip = clip_row(page, "recording").get_attribute("data-clip-id")
    gate.shut()
    wait_until(page, lambda: kept(page)[0]["frames"] > 60)
    page.reload()
    row = clip_row(page, "waiting")
    assert row.get_attribute("data-clip-id") == clip
    assert plays(page, row)["error"] is None
    gate.open()
    clip_row(page, "stored", timeout=60_000)
    wait_until(page, lambda: is_uploaded(page))
    page.reload()
    # Nothing is to be sent any more, and it is still here.
    row = clip_row(page, "stored")
    expect(sensor_page(page)).to_have_attribute("data-pending", "0")
    assert plays(page, row)["error"] is None
    assert unexpected(errors) == []


def test_when_storage_runs_short_what_the_hub_has_goes_first_and_then_it_is_said(hub, gate, empty_room_browser):
    page, errors = start_camera(empty_room_browser, gate, script=SET_UP)
    record = page.get_by_role("button", name="Record now")
    record.click()
    stored = clip_row(page, "stored").get_attribute("data-clip-id")
    wait_until(page, lambda: is_uploaded(page))
    gate.shut()
    expect(sensor_page(page)).not_to_have_attribute("data-connection", "open")
    record.click()
    second = page.locator("[data-clip-id][data-state=waiting]").first
    expect(second).to_be_visible(timeout=40_000)
    second = page.locator(f"[data-clip-id='{second.get_attribute('data-clip-id')}']")
    wait_until(page, lambda: all(clip["isComplete"] for clip in kept(page)))

    page.evaluate("() => { navigator.storage.estimate = async () => ({ usage: 97e6, quota: 100e6 }); }")
    record.click()
    expect(page.locator(f"[data-clip-id='{stored}']")).to_contain_text("stored on the hub, no longer on this phone", timeout=40_000)
    expect(second).to_have_attribute("data-state", "waiting")
    expect(page.get_by_text("had to go before the hub had")).to_be_hidden()

    # There is nothing else to go now.
    page.wait_for_timeout(6000)
    wait_until(page, lambda: all(clip["isComplete"] for clip in kept(page)), timeout=60)
    record.click()
    expect(second).to_contain_text("failed: this device's storage was full", timeout=60_000)
    expect(page.get_by_text("had to go before the hub had")).to_be_visible()
    assert unexpected(errors) == []


def test_a_dimmed_screen_wakes_by_touch_and_by_key_and_presses_nothing(hub, camera_browser):
    page, errors = start_camera(camera_browser, hub, script=SET_UP)
    stop = page.get_by_role("button", name="Stop watching")
    stop.scroll_into_view_if_needed()
    place = stop.bounding_box()
    dialog = page.get_by_role("dialog")
    for wake in (lambda: page.mouse.click(place["x"] + 20, place["y"] + 20), lambda: page.keyboard.press("Space"), lambda: page.keyboard.press("Escape")):
        page.get_by_role("button", name="Dim screen").click()
        expect(dialog).to_be_visible()
        assert dialog.evaluate("dialog => getComputedStyle(dialog).backgroundColor") == "rgb(0, 0, 0)"
        wake()
        expect(dialog).to_be_hidden()
        expect(sensor_page(page)).to_have_attribute("data-state", "watching")
    # What is wrong is to be seen in the dark.
    page.get_by_role("button", name="Dim screen").click()
    hub.stop()
    expect(dialog.get_by_text("The hub is away")).to_be_visible()
    assert unexpected(errors) == []


def test_stopped_from_elsewhere_it_says_so_and_starts_again_here(hub, camera_browser):
    page, errors = start_camera(camera_browser, hub, script=SET_UP)
    token = hub.sign_in(EMAIL)
    _, sessions, _ = hub.call("GET", "/sessions", token=token)
    hub.call("POST", "/sessions/stop", {"session_id": sessions[0]["session_id"]}, token)
    expect(sensor_page(page)).to_have_attribute("data-state", "standby", timeout=20_000)
    expect(page.get_by_text("Stopped from another device. Connected to the hub")).to_be_visible()
    expect(page.get_by_role("button", name="Record now")).to_be_hidden()
    check(page, "camera-standby")
    page.get_by_role("button", name="Start watching").click()
    expect(sensor_page(page)).to_have_attribute("data-state", "watching", timeout=20_000)
    assert errors == []


def test_everything_can_be_done_by_keyboard(hub, camera_browser):
    page, errors = open_page(camera_browser, hub)

    def tab_to(name: str, role: str = "button") -> None:
        target = page.get_by_role(role, name=name)
        for _ in range(60):
            if target.count() and target.first.evaluate("element => element === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{name} cannot be reached by the keyboard")

    tab_to("Device name", "textbox")
    page.keyboard.type("Hallway")
    page.keyboard.press("Enter")
    expect(sensor_page(page)).to_have_attribute("data-state", "watching", timeout=30_000)
    expect(page.get_by_role("heading", name="Hallway is watching")).to_be_focused()
    page.locator("body").press("Shift+Tab")
    for name in ("Next: walk test", "Next: test alert"):
        tab_to(name)
        page.keyboard.press("Enter")
    tab_to("Skip")
    page.keyboard.press("Enter")
    expect(page.locator("pw-sensor-setup")).to_be_hidden()
    tab_to("Sensitivity", "slider")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("region", name="Motion").get_by_role("slider")).to_have_value("55")
    tab_to("Dim screen")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_be_hidden()
    tab_to("Record now")
    page.keyboard.press("Enter")
    expect(page.locator("[data-clip-id]").first).to_be_visible(timeout=20_000)
    tab_to("Stop watching")
    page.keyboard.press("Enter")
    expect(sensor_page(page)).to_have_attribute("data-state", "idle")
    expect(page.get_by_role("button", name="Start watching")).to_be_focused()
    assert errors == []


def test_a_plan_that_is_used_up_says_when_it_goes_on(tmp_path, empty_room_browser):
    hub = Hub(tmp_path / "limited", UPLOADS_PER_HOUR="1").start()
    try:
        page, errors = start_camera(empty_room_browser, hub, script=SET_UP)
        record = page.get_by_role("button", name="Record now")
        record.click()
        clip_row(page, "stored")
        record.click()
        held = page.locator("[data-clip-id][data-state=waiting]")
        expect(held).to_contain_text(re.compile(r"1 upload an hour is used up; goes at \d"), timeout=40_000)
        expect(held.get_by_role("button", name=re.compile("^Play"))).to_be_visible(timeout=40_000)
        assert errors == []
    finally:
        hub.stop()


def test_the_sensor_page_has_no_axe_violations(hub, gate, camera_browser):
    page, errors = open_page(camera_browser, gate)
    look = lambda name: check_looks(page, f"camera-{name}")
    look("start")
    begin(page)
    look("framing")
    page.get_by_role("button", name="Next: walk test").click()
    expect(page.locator("pw-walk-test")).to_have_attribute("data-seen", "1", timeout=60_000)
    look("walk")
    page.get_by_role("button", name="Next: test alert").click()
    expect(page.get_by_text("Nobody gets alerts of this camera yet.")).to_be_visible()
    look("alert")
    page.get_by_role("button", name="Skip").click()
    page.get_by_text("Details", exact=True).click()
    page.get_by_text("More settings").click()
    expect(page.locator("[data-clip-id][data-state=stored]")).not_to_have_count(0, timeout=60_000)
    gate.shut()
    page.get_by_role("button", name="Record now").click()
    # What is being recorded may go on for a minute.
    expect(page.locator("[data-clip-id][data-state=waiting]")).not_to_have_count(0, timeout=90_000)
    plays(page, page.locator("[data-clip-id][data-state=stored]").first)
    look("watching")
    page.get_by_role("button", name="Dim screen").click()
    look("dim")
    page.keyboard.press("a")
    page.get_by_role("button", name="Stop watching").click()
    expect(sensor_page(page)).to_have_attribute("data-state", "idle")
    look("again")
    assert unexpected(errors) == []
