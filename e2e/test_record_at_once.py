"""Record now, pressed at the moment at which a camera begins to watch: before its encoder has given a picture."""

from __future__ import annotations

import pytest

from browser import EMAIL, start_camera, wait_until
from system import probe
from test_fallback import SELDOM

AT_ONCE = """
new MutationObserver((_, observer) => {
    const page = document.querySelector("pw-sensor-page[data-state=watching]");
    if (!page) return;
    observer.disconnect();
    window.isPressed = true;
    [...page.querySelectorAll("button")].find(({ textContent }) => textContent.includes("Record now")).click();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
# An encoder that is slow to begin: what it has made comes after that. One that records gives its first pictures after three seconds.
SLOW = """
window.Worker = class extends Worker {
    set onmessage(take) {
        const held = [];
        super.onmessage = (event) => {
            if (event.data.type === "chunk" || event.data.type === "configuration") held.push(event);
            else take(event);
            while (window.isPressed && held.length) take(held.shift());
        };
    }
};
"""


@pytest.mark.parametrize("script", [SLOW, SELDOM], ids=["encoder", "recorder"])
def test_what_is_asked_for_before_there_is_a_picture_is_recorded_with_its_sound(hub, camera_browser, tmp_path, script):
    page, errors = start_camera(camera_browser, hub, script=AT_ONCE + script)
    token = hub.sign_in(EMAIL)
    events = lambda: hub.call("GET", "/events", token=token)[1]
    wait_until(page, lambda: [event["status"] for event in events()] == ["done"], timeout=60)
    [event] = events()
    assert event["trigger_type"] == "manual"
    clip = tmp_path / "clip"
    clip.write_bytes(hub.call("GET", event["clip_url"])[1])
    assert [stream["codec_type"] for stream in probe(clip)["streams"]] == ["video", "audio"]
    assert errors == []
