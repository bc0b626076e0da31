"""Trigger to Telegram."""

from __future__ import annotations

import tempfile
import time
from datetime import datetime
from pathlib import Path

import botapi
from common import median
from playwright.sync_api import sync_playwright
from system import BROWSER_ARGS, CHROMIUM, Hub
from watched import start_camera

# A camera that shows the same picture all the time, so that a clip lasts as long as it is asked to.
STILL_CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 640; canvas.height = 480;
  const context = canvas.getContext("2d", { alpha: false });
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  setInterval(() => {
    const shades = context.createLinearGradient(0, 0, 640, 480);
    shades.addColorStop(0, "#234");
    shades.addColorStop(1, "#cba");
    context.fillStyle = shades;
    context.fillRect(0, 0, 640, 480);
    track.requestFrame();
  }, 1000 / 30);
  return stream;
};
"""

def alert() -> dict:
    bot = botapi.BotApi()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        hub = Hub(Path(name), TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=bot.url).start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS)
        try:
            camera = browser.new_page()
            camera.add_init_script(STILL_CAMERA)
            start_camera(camera, hub)
            token = hub.sign_in()
            device = hub.call("GET", "/devices", token=token)[1][0]["device_id"]
            started = hub.call("POST", "/notifications/telegram/link/start", {"device_id": device}, token)[1]
            bot.user_sends(5, started["fallback_command"])
            hub.call("GET", f"/notifications/telegram/link/status?device_id={device}&attempt_id={started['attempt_id']}", token=token)
            for count in range(1, 6):
                camera.wait_for_timeout(1500)
                camera.get_by_role("button", name="Record now").click()
                deadline = time.monotonic() + 90
                while sum(m.method == "sendVideo" for m in bot.messages) < count and time.monotonic() < deadline:
                    camera.wait_for_timeout(20)
            sent = [m.at for m in bot.messages if m.method == "sendVideo"]
            events = sorted(hub.call("GET", "/events", token=token)[1], key=lambda event: event["triggered_at"])
        finally:
            browser.close()
            hub.stop()
            bot.stop()
    def moment(iso: str) -> float:
        return datetime.fromisoformat(iso).timestamp()
    after = [at - moment(event["started_at"]) - event["duration_seconds"] for at, event in zip(sent, events)]
    result = {"alerts": len(after), "clip_seconds": median([e["duration_seconds"] for e in events]), "median_s": median(after), "max_s": max(after)}
    print(f"clip's end to sendVideo  {result['alerts']} alerts of {result['clip_seconds']:.1f} s   median {result['median_s']:.2f} s   max {result['max_s']:.2f} s", flush=True)
    return result
