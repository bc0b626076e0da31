"""Cameras and viewers without WebCodecs: MediaRecorder on one side, Media Source Extensions on the other."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser import EMAIL, seconds, sign_in, start_camera, wait_until, watch_errors
from test_pages import SIZES, check

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
], ids=["recorder to files", "recorder to WebCodecs", "WebCodecs to files", "VP8 units to files", "MP4 recorder to WebCodecs"])
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


def test_a_viewer_that_can_play_nothing_says_so(hub, camera_browser, viewer_browser):
    start_camera(camera_browser, hub)
    viewer, _ = open_viewer(viewer_browser, hub, NO_DECODER + "delete globalThis.MediaSource; delete globalThis.ManagedMediaSource;")
    viewer.get_by_role("button", name="Live: Hallway").click()
    expect(viewer.get_by_text(re.compile("This browser cannot show the live picture"))).to_be_visible()
    expect(viewer.get_by_role("button", name="Live: Hallway")).to_be_visible()


def test_a_picture_that_a_browser_cannot_play_is_said_in_words(hub, camera_browser, viewer_browser):
    start_camera(camera_browser, hub, script=NO_ENCODER)
    viewer, _ = open_viewer(viewer_browser, hub, "MediaSource.isTypeSupported = () => false;")
    viewer.get_by_role("button", name="Live: Hallway").click()
    expect(viewer.get_by_text("This browser cannot play the camera's picture (video/webm;codecs=")).to_be_visible()
    expect(viewer.get_by_role("button", name="Live: Hallway")).to_be_visible()


def test_pages_that_play_files_have_no_axe_violations(hub, camera_browser, viewer_browser):
    camera, _ = start_camera(camera_browser, hub, script=NO_ENCODER)
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            context = viewer_browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            page = context.new_page()
            page.goto(hub.url)
            sign_in(page)
            watch(page)
            check(page, f"live-file-{size}-{scheme}")
            if (size, scheme) == ("desk", "dark"):
                # The last picture stays.
                camera.get_by_role("button", name="Stop watching").click()
                expect(page.locator("pw-live-tile")).to_have_attribute("data-live", "ended", timeout=15_000)
                check(page, f"live-file-ended-{size}-{scheme}")
            context.close()
