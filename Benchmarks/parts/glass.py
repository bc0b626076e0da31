"""Glass to glass in Chromium."""

from __future__ import annotations

import tempfile
from pathlib import Path

from common import median, percentile
from playwright.sync_api import sync_playwright
from system import BROWSER_ARGS, CHROMIUM, Hub
from watched import start_camera

# The camera is a canvas that shows the time: 32 cells, black or white, of the milliseconds since 1970 modulo 2^32.
CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 640; canvas.height = 480;
  const context = canvas.getContext("2d", { alpha: false });
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  setInterval(() => {
    const time = Math.floor(performance.timeOrigin + performance.now());
    for (let bit = 0; bit < 32; bit++) {
      context.fillStyle = Math.floor(time / 2 ** bit) % 2 ? "#fff" : "#000";
      context.fillRect((bit % 8) * 80, Math.floor(bit / 8) * 120, 80, 120);
    }
    track.requestFrame();
  }, 1000 / 30);
  return stream;
};
"""

# Reads the time out of each picture as soon as it is drawn.
READER = """
(tile) => {
  const canvas = tile.querySelector("canvas");
  const small = new OffscreenCanvas(8, 4);
  const context = small.getContext("2d", { willReadFrequently: true });
  window.latencies = [];
  new MutationObserver(() => {
    const now = performance.timeOrigin + performance.now();
    let time = 0;
    for (let bit = 0; bit < 32; bit++) {
      context.drawImage(canvas, (bit % 8) * 80 + 30, Math.floor(bit / 8) * 120 + 50, 20, 20, bit % 8, Math.floor(bit / 8), 1, 1);
    }
    const { data } = context.getImageData(0, 0, 8, 4);
    for (let bit = 0; bit < 32; bit++) if (data[bit * 4] > 127) time += 2 ** bit;
    window.latencies.push((now - time) % 2 ** 32);
  }).observe(tile, { attributeFilter: ["data-frames"] });
}
"""


def glass() -> dict:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        hub = Hub(Path(name)).start()
        browsers = [playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS) for _ in range(2)]
        try:
            camera = browsers[0].new_page()
            camera.add_init_script(CAMERA)
            start_camera(camera, hub)
            viewer = browsers[1].new_page()
            viewer.goto(hub.url)
            viewer.get_by_label("E-mail").fill("me@example.org")
            viewer.get_by_role("button", name="Sign in").click()
            firsts = []
            for _ in range(5):
                viewer.get_by_role("button", name="Live: Bench", exact=True).click()
                viewer.wait_for_selector("[data-live=playing]")
                firsts.append(float(viewer.get_attribute("pw-live-tile", "data-first-frame-ms")))
                viewer.get_by_role("button", name="Stop live: Bench").click()
            viewer.get_by_role("button", name="Live: Bench", exact=True).click()
            viewer.wait_for_selector("[data-live=playing]")
            viewer.locator("pw-live-tile").evaluate(READER)
            viewer.wait_for_timeout(15_000)
            latencies = viewer.evaluate("window.latencies")
        finally:
            for browser in browsers:
                browser.close()
            hub.stop()
    result = {"pictures": len(latencies), "p50_ms": percentile(latencies, 0.5), "p95_ms": percentile(latencies, 0.95), "max_ms": max(latencies),
              "first_picture_ms": median(firsts)}
    print(f"glass to glass  {result['pictures']} pictures   p50 {result['p50_ms']:.0f} ms   p95 {result['p95_ms']:.0f} ms   "
          f"max {result['max_ms']:.0f} ms   first picture {result['first_picture_ms']:.0f} ms", flush=True)
    return result
