"""A hub, and a headless browser whose camera is a video file. Run by scripts/demo."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from system import CHROMIUM, Hub, camera_args, camera_file

EMAIL = "demo@example.org"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pingwatch-demo-") as folder:
        hub = Hub(Path(folder) / "data")
        hub.port = 8000
        hub.start()
        try:
            print("Preparing the video as a camera…", flush=True)
            camera = camera_file(Path(sys.argv[1]), Path(folder))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=camera_args(camera))
                page = browser.new_page()
                page.goto(f"{hub.url}/#/camera")
                page.get_by_label("E-mail").fill(EMAIL)
                page.get_by_role("button", name="Sign in").click()
                page.get_by_label("Device name").fill("Demo camera")
                page.get_by_role("button", name="Start watching").click()
                page.wait_for_selector("pw-sensor-page[data-state=watching]")
                print(f"The camera is watching. Open {hub.url} and sign in as {EMAIL}. Ctrl-C ends it.", flush=True)
                page.wait_for_timeout(10**9)
        except KeyboardInterrupt:
            pass
        finally:
            hub.stop()


main()
