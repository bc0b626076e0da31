"""Preview first: the hub looks at stills before a clip is sent, and one that it does not want stays on the phone until somebody fetches it."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, expect

from browser import EMAIL, before_anybody_comes, sign_in, start_camera, wait_until, watch_errors
from test_device_page import LAST, STILL, Peer, frame, jpeg
from test_offline import the_event
from looks import check
from test_sensor_page import SET_UP

# Whoever walks by, the stills show the same: as of a lamp that was seen and is off again.
SAME_STILLS = """
const convert = OffscreenCanvas.prototype.convertToBlob;
let first = null;
OffscreenCanvas.prototype.convertToBlob = function (options) { return (first ??= convert.call(this, options)); };
"""


def count_openings(page: Page, opened: list[dict]) -> None:
    """What `clip.open` is told."""
    def sent(payload) -> None:
        for line in payload.splitlines() if isinstance(payload, str) else []:
            call = json.loads(line).get("rpc", {})
            if call.get("method") == "clip.open":
                opened.append(call["data"])
    page.on("websocket", lambda socket: socket.on("framesent", sent))


def start_previewing(browser, hub, script: str) -> tuple[Page, list[str], list[dict]]:
    """Set before anybody is in the picture."""
    opened: list[dict] = []
    camera, errors = start_camera(browser, hub, script=script, prepare=lambda page: count_openings(page, opened))
    token = hub.sign_in(EMAIL)
    device = hub.call("GET", "/devices", token=token)[1][0]["device_id"]
    with before_anybody_comes(camera):
        status, answer, _ = hub.call("PATCH", f"/devices/{device}/settings", {"preview_first": True}, token)
        assert status == 200, answer
    return camera, errors, opened


def keep_elsewhere(hub, token: str, device: str, session: str) -> str:
    """A clip of that device whose stills show nothing."""
    phone = Peer(hub, token, device)
    opened = phone.open_clip(session, preview=True)
    phone.send(frame(STILL, opened["stream"], 0, jpeg("color=black:size=640x480"), LAST))
    assert not phone.wait_publication("clip.verdict")["wanted"]
    phone.close()
    return opened["event"]["event_id"]


def test_a_visit_is_shown_first_and_the_clip_follows(hub, one_visit_browser):
    camera, errors, opened = start_previewing(one_visit_browser, hub, SET_UP)
    row = camera.locator("[data-clip-id]").last
    expect(row).to_have_attribute("data-state", "stored", timeout=60_000)
    assert opened[0]["preview"] is True and opened[0]["event_id"] == row.get_attribute("data-clip-id")
    wait_until(camera, lambda: the_event(hub)["status"] == "done")
    event = the_event(hub)
    assert event["clip_url"] and event["clip_state"] is None and event["should_notify"]
    assert len([one for one in opened if one["event_id"] == event["event_id"]]) == 1
    assert errors == []


def test_a_clip_that_is_not_wanted_stays_on_the_phone_over_a_reload_until_it_is_fetched(hub, one_visit_browser, viewer_browser):
    camera, errors, opened = start_previewing(one_visit_browser, hub, SET_UP + SAME_STILLS)
    row = camera.locator("[data-clip-id]").last
    expect(row).to_contain_text("kept on this device: the hub did not want it (no change)", timeout=60_000)
    clip = row.get_attribute("data-clip-id")
    row = camera.locator(f"[data-clip-id='{clip}']")
    expect(row.get_by_role("button", name=re.compile("^Play"))).to_be_visible(timeout=60_000)
    check(camera, "camera-kept-phone-light")
    assert [one.get("preview") for one in opened if one["event_id"] == clip] == [True]
    token = hub.sign_in(EMAIL)
    event = hub.call("GET", f"/events/{clip}", token=token)[1]
    assert (event["clip_state"], event["clip_url"], len(event["still_urls"])) == ("on_device", None, 3)

    # One more that the phone has kept, as the hub believes, and that its storage has lost.
    device = event["device_id"]
    camera.reload()
    expect(row).to_have_attribute("data-state", "kept")
    lost = keep_elsewhere(hub, token, device, event["session_id"])
    camera.get_by_role("button", name="Start watching").click()
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-state", "watching", timeout=30_000)
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-connection", "open")

    viewer = viewer_browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    viewer_errors = watch_errors(viewer)
    viewer.goto(f"{hub.url}/#/event/{lost}")
    sign_in(viewer)
    viewer.get_by_role("button", name="Fetch the clip").click()
    expect(viewer.get_by_text("The phone does not have the clip any more: its storage was cleared.")).to_be_visible()
    expect(camera.get_by_text("Somebody asked for a clip that is not on this phone any more.")).to_be_visible()
    check(camera, "camera-missed-phone-light")
    viewer.goto(f"{hub.url}/#/event/{clip}")
    viewer.get_by_role("button", name="Fetch the clip").click()
    expect(viewer.locator(".player video")).to_be_visible(timeout=60_000)
    wait_until(viewer, lambda: viewer.locator(".player video").evaluate("video => video.readyState > 0 && video.duration > 2"))
    expect(row).to_have_attribute("data-state", "stored")
    assert [one.get("preview") for one in opened if one["event_id"] == clip] == [True, None]
    event = hub.call("GET", f"/events/{clip}", token=token)[1]
    assert event["clip_state"] is None and event["clip_url"] and not event["should_notify"]
    assert errors == [] and viewer_errors == []
