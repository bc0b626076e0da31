"""The page as an app: it can be installed, opens with the hub away, and asks before it becomes a new version."""

from __future__ import annotations

import json
import re
import shutil
import struct

import pytest
from playwright.sync_api import Page, expect

from alerts import Account
from browser import EMAIL, sign_in, start_camera, wait_until, watch_errors
from system import BROWSER_ARGS, CHROMIUM, MEDIA, ROOT, Hub
from tap import Tap
from looks import check, check_looks

CACHED = """async () => {
    const cached = {};
    for (const name of await caches.keys())
        cached[name] = (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname + new URL(url).search);
    return cached;
}"""


@pytest.fixture
def own_hub(tmp_path):
    """A hub whose page can be changed."""
    shutil.copytree(ROOT / "Public", tmp_path / "public")
    hub = Hub(tmp_path / "data", PUBLIC_DIR=str(tmp_path / "public")).start()
    yield hub
    hub.stop()


def new_version(hub: Hub, version: str) -> None:
    hub.stop()
    with open(f"{hub.environment['PUBLIC_DIR']}/js/app.js", "a") as file:
        file.write(f"\ndocument.documentElement.dataset.version = '{version}';\n")
    hub.start()


def wait_for_worker(page: Page) -> None:
    wait_until(page, lambda: page.evaluate("navigator.serviceWorker.controller?.state") == "activated")


def bar(page: Page):
    return page.get_by_role("region", name="New version")


def expect_version(page: Page, version: str | None) -> None:
    root = page.locator("html")
    if version is None:
        expect(root).not_to_have_attribute("data-version", re.compile(""))
    else:
        expect(root).to_have_attribute("data-version", version, timeout=20_000)


def test_nothing_stands_against_installing_it(hub, playwright, tmp_path):
    # Not a window of its own for a test, in which nothing can be installed.
    context = playwright.chromium.launch_persistent_context(tmp_path / "profile", executable_path=CHROMIUM, args=BROWSER_ARGS)
    try:
        page = context.pages[0]
        page.goto(hub.url)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        wait_for_worker(page)
        devtools = context.new_cdp_session(page)
        assert devtools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        manifest = devtools.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert manifest["url"] == f"{hub.url}/manifest.webmanifest"
        assert devtools.send("Page.getAppId")["appId"] == f"{hub.url}/"
    finally:
        context.close()


def test_icons_have_the_sizes_that_the_manifest_says(hub):
    _, manifest, headers = hub.call("GET", "/manifest.webmanifest")
    assert headers["content-type"] == "application/manifest+json"
    manifest = json.loads(manifest)
    drawn = [icon for icon in manifest["icons"] if icon["type"] == "image/png"]
    assert {(icon["sizes"], icon["purpose"]) for icon in drawn} == {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}
    sides = {f"/{icon['src']}": int(icon["sizes"].partition("x")[0]) for icon in drawn} | {"/icons/apple-touch-icon.png": 180}
    for path, side in sides.items():
        status, png, headers = hub.call("GET", path)
        assert status == 200 and headers["content-type"] == "image/png"
        assert png[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", png[16:24]) == (side, side), path


def test_it_opens_with_the_hub_away_and_goes_on_when_that_is_back(hub, viewer_browser):
    context = viewer_browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(hub.url)
    sign_in(page)
    expect(page.get_by_text("No camera yet")).to_be_visible()
    wait_for_worker(page)
    hub.stop()

    # As if the app were started.
    page.close()
    page = context.new_page()
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(hub.url)
    expect(page.locator(".connection")).to_have_text("Hub is away")
    expect(page.get_by_text("The hub is away. What happened is shown here")).to_be_visible()
    expect(page.locator(".brand img")).not_to_have_js_property("naturalWidth", 0)
    check_looks(page, "away", targets=False)
    # A page that was never opened on this device.
    page.get_by_role("link", name="Camera", exact=True).click()
    expect(page.get_by_role("button", name="Start watching")).to_be_visible()
    page.get_by_role("link", name="Timeline").click()
    expect(bar(page)).to_have_count(0)

    hub.start()
    expect(page.locator(".connection")).to_have_attribute("data-state", "open", timeout=40_000)
    expect(page.get_by_text("No camera yet")).to_be_visible()
    assert failures == []
    context.close()


def test_nobody_is_signed_in_and_the_hub_is_away(hub, viewer_browser):
    context = viewer_browser.new_context()
    page = context.new_page()
    page.goto(hub.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    wait_for_worker(page)
    hub.stop()
    page.reload()
    expect(page.get_by_text("The hub is away. This page goes on by itself")).to_be_visible()
    hub.start()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=40_000)
    context.close()


def test_a_new_version_is_used_when_somebody_says_so(own_hub, viewer_browser):
    context = viewer_browser.new_context()
    page = context.new_page()
    errors = watch_errors(page)
    page.goto(own_hub.url)
    sign_in(page)
    expect(page.get_by_text("No camera yet")).to_be_visible()
    wait_for_worker(page)
    other = context.new_page()
    other.goto(own_hub.url)
    expect(other.get_by_text("No camera yet")).to_be_visible()
    [first] = page.evaluate(CACHED)
    for each in (page, other):
        each.evaluate("window.isTheSame = true")

    # The hub that comes back is looked at.
    new_version(own_hub, "2")
    for each in (page, other):
        expect(bar(each)).to_contain_text("A new version is ready.", timeout=40_000)
        expect(each.locator(".connection")).to_have_attribute("data-state", "open", timeout=40_000)
    expect(page.locator("#announcements")).to_have_text("A new version is ready.")
    assert set(page.evaluate(CACHED)) > {first}
    check_looks(page, "update")

    # Loading it again is not accepting it.
    other.reload()
    expect(bar(other)).to_be_visible()
    expect_version(other, None)
    bar(other).get_by_role("button", name="Later").click()
    expect(bar(other)).to_have_count(0)
    other.evaluate("window.isTheSame = true")
    assert page.evaluate("window.isTheSame")

    bar(page).get_by_role("button", name="Reload").click()
    expect_version(page, "2")
    expect(page.get_by_text("No camera yet")).to_be_visible()
    expect(bar(page)).to_have_count(0)
    wait_until(page, lambda: len(page.evaluate(CACHED)) == 1 and first not in page.evaluate(CACHED))

    # The other page may have been in the middle of something.
    expect(bar(other)).to_be_visible()
    assert other.evaluate("window.isTheSame")
    expect_version(other, None)
    # What it has not loaded yet it gets from the hub.
    other.get_by_role("link", name="Camera", exact=True).click()
    expect(other.get_by_role("button", name="Start watching")).to_be_visible()
    bar(other).get_by_role("button", name="Reload").click()
    expect_version(other, "2")
    assert [error for error in errors if not re.search("WebSocket|ERR_CONNECTION", error)] == []
    context.close()


def test_a_new_version_does_not_interrupt_a_camera(own_hub, camera_browser):
    camera, _ = start_camera(camera_browser, own_hub)
    wait_for_worker(camera)
    new_version(own_hub, "2")
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-connection", "open", timeout=40_000)
    camera.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(bar(camera)).to_contain_text("A new version is ready. Stop watching to use it.", timeout=40_000)
    expect(bar(camera).get_by_role("button", name="Reload")).to_be_hidden()
    check(camera, "update-watching")
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-state", "watching")
    camera.get_by_role("button", name="Stop watching").click()
    bar(camera).get_by_role("button", name="Reload").click()
    expect_version(camera, "2")


def test_a_worker_keeps_the_pages_files_alone_and_asks_for_each_once(hub, viewer_browser):
    tap = Tap(hub.port)
    context = viewer_browser.new_context()
    page = context.new_page()
    page.goto(tap.url)
    sign_in(page)
    expect(page.get_by_text("No camera yet")).to_be_visible()
    wait_for_worker(page)
    page.reload()
    expect(page.get_by_text("No camera yet")).to_be_visible()
    page.get_by_role("link", name="Camera", exact=True).click()
    expect(page.get_by_role("button", name="Start watching")).to_be_visible()

    [paths] = page.evaluate(CACHED).values()
    assert "/" in paths and any(path.endswith("/js/sensor/capture-worker.js") for path in paths)
    assert [path for path in paths if not re.fullmatch(r"/|/assets/[0-9a-f]{32}/(js|css|icons)/[\w./-]+\.(js|css|svg)", path)] == []
    again = {path: times for path, times in tap.asked.items() if path.startswith("/assets/") and times > 1}
    assert again == {}
    # By the page and by its worker, which is told that it is the same.
    assert tap.asked["/"] == 2
    # What is asked of the hub still comes from there.
    assert tap.asked["/devices"] == 2 and tap.asked["/events?limit=50"] == 2
    context.close()


def test_a_video_comes_in_ranges_past_the_worker(hub, viewer_browser):
    if not (MEDIA / "webcam-person.mkv").exists():
        pytest.skip("no recorded material at ../shared/media/webcam-person.mkv")
    account = Account(hub, EMAIL)
    event = account.upload(account.camera("Front door"), MEDIA / "webcam-person.mkv")
    context = viewer_browser.new_context()
    page = context.new_page()
    page.goto(hub.url)
    sign_in(page)
    expect(page.locator(f"article[data-event-id='{event}']")).to_have_attribute("data-status", "done", timeout=30_000)
    wait_for_worker(page)
    assert page.reload().from_service_worker
    with page.expect_response(re.compile(r"/media/[^/]+/clip\.")) as answer:
        page.goto(f"{hub.url}/#/event/{event}")
    assert answer.value.status == 206 and not answer.value.from_service_worker
    video = page.locator("video[data-event-id]")
    wait_until(page, lambda: video.evaluate("video => video.readyState >= 2"))
    context.close()


def test_a_hub_that_turns_to_https_is_followed(hub, viewer_browser):
    context = viewer_browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(hub.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    wait_for_worker(page)
    hub.stop()
    hub.environment["TLS"] = "auto"
    hub.start()
    # Help is the hub's own.
    page.goto(f"{hub.url}/help/certificate")
    expect(page.get_by_role("heading", name="Trust this hub")).to_be_visible()

    page.goto(hub.url)
    bar(page).get_by_role("button", name="Reload").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    wait_until(page, lambda: page.url == f"https://127.0.0.1:{hub.port}/")
    context.close()


def test_without_a_secure_context_the_page_works_without_a_worker(hub, playwright):
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*BROWSER_ARGS, "--host-resolver-rules=MAP phone.test 127.0.0.1"])
    page = browser.new_page()
    errors = watch_errors(page)
    page.goto(f"http://phone.test:{hub.port}")
    assert page.evaluate("'serviceWorker' in navigator") is False
    sign_in(page)
    expect(page.get_by_text("No camera yet")).to_be_visible()
    expect(page.locator(".connection")).to_have_attribute("data-state", "open")
    # The browser tells that it heeds a header of secure pages on those alone.
    assert [error for error in errors if not error.startswith("The Cross-Origin-Opener-Policy header has been ignored")] == []
    browser.close()
