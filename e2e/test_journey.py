"""The main job, end to end: a phone watches, the hub tells you."""

from __future__ import annotations

import re
import subprocess

from playwright.sync_api import Page, expect

from browser import EMAIL, seconds, sign_in, start_camera, wait_until, watch_errors
from system import CHROMIUM, camera_args, probe

# When the first person comes into the picture and leaves it, in the recording.
ENTERS, LEAVES = 6.0, 19.6
NOTES_BEGINNING = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (constraints) => ask(constraints).then((stream) => {
    window.cameraBegan ??= performance.timeOrigin + performance.now();
    return stream;
});
"""


def test_a_phone_watches_and_the_hub_tells_you(hub, bot, one_visit_browser, viewer_browser, tmp_path):
    viewer = viewer_browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    viewer_errors = watch_errors(viewer)
    viewer.goto(hub.url)
    sign_in(viewer)
    expect(viewer.locator("#connection")).to_have_attribute("data-state", "open")
    expect(viewer.get_by_text("Nothing has happened yet")).to_be_visible()
    # A reload would forget this.
    viewer.evaluate("window.isSamePage = true")

    camera, camera_errors = start_camera(one_visit_browser, hub, script=NOTES_BEGINNING)
    started = camera.evaluate("window.cameraBegan") / 1000

    # The alert's chat, by the deep link's token.
    viewer.get_by_role("button", name="Set up alerts: Hallway").click()
    viewer.get_by_role("button", name="Connect a Telegram chat").click()
    command = viewer.locator("dialog code").inner_text()
    assert viewer.get_by_role("link", name="Open Telegram").get_attribute("href").endswith(command.removeprefix("/start "))
    bot.user_sends(4711, command)
    expect(viewer.get_by_text("Telegram connected", exact=True)).to_be_visible()
    viewer.get_by_role("button", name="Close").click()

    # The trigger, at once; then picture, processing and result, without a reload.
    card = viewer.locator("article[data-event-id]")
    expect(card).to_have_attribute("data-status", "recording", timeout=20_000)
    expect(card.get_by_role("link")).to_have_text("Motion · recording")
    expect(card.locator("img")).to_be_visible()
    expect(camera.locator("[data-clip-id]")).to_have_attribute("data-state", "recording")

    # The camera now, while it records.
    viewer.get_by_role("button", name="Live: Hallway").click()
    tile = viewer.locator("pw-live-tile")
    expect(tile).to_have_attribute("data-live", "playing")
    wait_until(viewer, lambda: int(tile.get_attribute("data-frames") or 0) > 30)
    expect(camera.get_by_text("Live: somebody is watching")).to_be_visible()
    viewer.get_by_role("button", name="Stop live: Hallway").click()
    expect(camera.get_by_text("Live: somebody is watching")).to_be_hidden(timeout=20_000)

    expect(card).to_have_attribute("data-status", "done", timeout=60_000)
    expect(card.get_by_text("Movement")).to_be_visible()
    expect(camera.locator("[data-clip-id]")).to_have_attribute("data-state", "stored")

    # One event for the first visit; its clip begins before the person does and reaches to where they leave.
    token = hub.sign_in(EMAIL)
    _, events, _ = hub.call("GET", "/events", token=token)
    assert len(events) == 1
    event = events[0]
    begins = seconds(event["started_at"]) - started
    ends = begins + event["duration_seconds"]
    assert begins < ENTERS, f"the clip begins {begins:.1f} s after the camera, the person comes at {ENTERS} s"
    assert ENTERS < seconds(event["triggered_at"]) - started < ENTERS + 2
    assert ends > LEAVES - 0.5
    assert event["label"] == "motion" and event["should_notify"]

    # It plays and seeks.
    card.get_by_role("link").click()
    video = viewer.locator("video[data-event-id]")
    expect(video).to_be_visible()
    wait_until(viewer, lambda: video.evaluate("video => video.readyState >= 1"))
    assert abs(video.evaluate("video => video.duration") - event["duration_seconds"]) < 0.5
    # Before the trigger nobody is in the picture, in the middle somebody is: the pictures differ.
    assert picture_difference(viewer, ENTERS - begins - 1.0, ENTERS - begins + 6.0) > 4
    video.evaluate("video => { video.currentTime = 1; return video.play(); }")
    wait_until(viewer, lambda: video.evaluate("video => video.currentTime > 2"))
    viewer.go_back()

    # Telegram got what plays inline everywhere.
    message = bot.wait_for("sendVideo")
    assert message.chat == "4711" and event["summary"] in message.text and "Hallway" in message.text
    sent = tmp_path / "sent.mp4"
    sent.write_bytes(message.files["video"])
    streams = {stream["codec_type"]: stream for stream in probe(sent)["streams"]}
    assert streams["video"]["codec_name"] == "h264"
    assert streams.get("audio", {}).get("codec_name", "aac") == "aac"
    decoded = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", str(sent)], capture_output=True, text=True)
    assert decoded.returncode == 0 and decoded.stderr == ""
    assert sent.read_bytes().find(b"moov") < sent.read_bytes().find(b"mdat")
    expect(card.get_by_text("Sent to Telegram")).to_be_visible()
    assert len([m for m in bot.messages if m.method == "sendVideo"]) == 1

    # A restart forgets nothing, and both browsers come back by themselves.
    hub.stop()
    expect(viewer.locator("#connection")).not_to_have_attribute("data-state", "open")
    hub.start()
    expect(viewer.locator("#connection")).to_have_attribute("data-state", "open", timeout=60_000)
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-connection", "open", timeout=60_000)
    _, after, _ = hub.call("GET", f"/events/{event['event_id']}", token=token)
    assert (after["status"], after["summary"]) == ("done", event["summary"])
    status, clip, _ = hub.call("GET", after["clip_url"])
    assert status == 200 and len(clip) == event["clip_size_bytes"]

    camera.get_by_role("button", name="Stop watching").click()
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-state", "idle")
    _, sessions, _ = hub.call("GET", "/sessions", token=token)
    assert [session["status"] for session in sessions] == ["stopped"]

    unexpected = [e for e in viewer_errors + camera_errors if not re.search("WebSocket|ERR_CONNECTION", e)]
    assert unexpected == []
    assert viewer.evaluate("window.isSamePage") is True


def picture_difference(page: Page, first: float, second: float) -> float:
    """Mean difference of grey values between the pictures at two times of the video."""
    return page.evaluate(
        """async ([first, second]) => {
            const video = document.querySelector("video");
            const canvas = new OffscreenCanvas(160, 90);
            const context = canvas.getContext("2d", { willReadFrequently: true });
            const picture = async (time) => {
                video.pause();
                const seeked = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
                video.currentTime = time;
                await seeked;
                context.drawImage(video, 0, 0, 160, 90);
                return context.getImageData(0, 0, 160, 90).data;
            };
            const a = await picture(first), b = await picture(second);
            let sum = 0;
            for (let i = 0; i < a.length; i += 4) sum += Math.abs(a[i + 1] - b[i + 1]);
            return sum / (a.length / 4);
        }""",
        [first, second],
    )


def test_a_refused_camera_is_said_in_words(playwright, hub, visits):
    args = [a for a in camera_args(visits) if "fake-ui" not in a] + ["--use-fake-ui-for-media-stream=deny"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
    try:
        page = browser.new_page()
        page.goto(f"{hub.url}/#/camera")
        sign_in(page)
        page.get_by_label("Device name").fill("Hallway")
        page.get_by_role("button", name="Start watching").click()
        expect(page.get_by_text("The camera is not allowed for this page.")).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_be_enabled()
    finally:
        browser.close()
