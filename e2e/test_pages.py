"""How the pages look and read: axe in both schemes and sizes, and what a person without a camera is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from system import MEDIA

SIZES = {"phone": (360, 740), "desk": (1280, 800)}
# Where screenshots go, for a person to look at.
ARTIFACTS = os.environ.get("PINGWATCH_SCREENSHOTS")


def check(page: Page, name: str) -> None:
    if ARTIFACTS:
        Path(ARTIFACTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{ARTIFACTS}/{name}.png", full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{name}: the page is {overflow} px wider than the screen"
    # Without preload: the page's policy forbids loading scripts into frames.
    result = Axe().run(page, options={"preload": False})
    assert result.violations_count == 0, f"{name}: {result.generate_report()}"


def prepare(hub) -> dict:
    """An account with a camera, an event with a clip, and one that failed."""
    token = hub.sign_in("pages@example.org")
    _, device, _ = hub.call("POST", "/devices/register", {"label": "Front door"}, token)
    _, session, _ = hub.call("POST", "/sessions/start", {"device_id": device["device_id"]}, token)

    def upload(data: bytes, duration: float) -> dict:
        _, made, _ = hub.call("POST", "/events/upload/initiate", {
            "session_id": session["session_id"], "device_id": device["device_id"], "trigger_type": "motion",
            "duration_seconds": duration, "clip_mime": "video/mp4", "clip_size_bytes": len(data),
        }, token)
        hub.call("PUT", made["upload_url"], raw=data, token=token)
        hub.call("POST", f"/events/{made['event']['event_id']}/upload/finalize", token=token)
        return made["event"]

    broken = upload(b"not a video" * 100, 3)
    good = upload((MEDIA / "webcam-person.mkv").read_bytes(), 3)
    return {"token": token, "good": good["event_id"], "broken": broken["event_id"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_have_no_axe_violations(hub, viewer_browser, scheme, size):
    if not (MEDIA / "webcam-person.mkv").exists():
        pytest.skip("no recorded material at ../shared/media/webcam-person.mkv")
    width, height = SIZES[size]
    context = viewer_browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.goto(hub.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    check(page, f"sign-in-{size}-{scheme}")
    page.get_by_label("E-mail").fill("pages@example.org")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("No camera yet")).to_be_visible()
    check(page, f"home-empty-{size}-{scheme}")

    ids = prepare(hub)
    good = page.locator(f"article[data-event-id='{ids['good']}']")
    expect(good).to_have_attribute("data-status", "done", timeout=30_000)
    expect(good.locator("img")).to_be_visible()
    broken = page.locator(f"article[data-event-id='{ids['broken']}']")
    expect(broken).to_have_attribute("data-status", "failed", timeout=30_000)
    expect(broken.get_by_text("this is not a video file")).to_be_visible()
    check(page, f"home-{size}-{scheme}")

    page.get_by_role("button", name="Connect Telegram: Front door").click()
    expect(page.get_by_role("link", name="Open Telegram")).to_be_visible()
    check(page, f"telegram-{size}-{scheme}")
    page.get_by_role("button", name="Close").click()

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("video[data-event-id]")).to_be_visible()
    check(page, f"event-{size}-{scheme}")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()

    page.get_by_role("link", name="Camera", exact=True).click()
    expect(page.get_by_role("button", name="Start watching")).to_be_visible()
    check(page, f"camera-{size}-{scheme}")
    # This browser has no camera, which is said in words.
    page.get_by_label("Device name").fill("Hall")
    page.get_by_role("button", name="Start watching").click()
    expect(page.get_by_text("No camera was found.")).to_be_visible()
    check(page, f"camera-none-{size}-{scheme}")
    context.close()


def test_two_accounts_never_see_each_other(hub, viewer_browser):
    page = viewer_browser.new_context().new_page()
    page.goto(hub.url)
    page.get_by_label("E-mail").fill("other@example.org")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("No camera yet")).to_be_visible()
    token = hub.sign_in("pages@example.org")
    hub.call("POST", "/devices/register", {"label": "Front door"}, token)
    own = hub.sign_in("other@example.org")
    hub.call("POST", "/devices/register", {"label": "Mine"}, own)
    expect(page.get_by_role("heading", name="Mine")).to_be_visible()
    expect(page.get_by_role("heading", name="Front door")).to_have_count(0)
