"""A camera that watches, in a page or without one."""

from __future__ import annotations

import time
from pathlib import Path

from system import Hub


def start_camera(page, hub: Hub) -> None:
    page.goto(f"{hub.url}/#/camera")
    page.get_by_label("E-mail").fill("me@example.org")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Device name").fill("Bench")
    page.get_by_role("button", name="Start watching").click()
    page.wait_for_selector("pw-sensor-page[data-state=watching]")


class Watched:
    """A hub with a camera that watches."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.hub = Hub(folder / "data", BACKLOG_LIMIT="1000000", LOG_LEVEL="warning", **environment).start()
        self.token = self.hub.sign_in()
        self.device = self.call("POST", "/devices/register", {"label": "Hall"})["device_id"]
        self.session = self.call("POST", "/sessions/start", {"device_id": self.device})["session_id"]

    def call(self, method: str, path: str, body: object = None, **more):
        status, answer, _ = self.hub.call(method, path, body, self.token, **more)
        assert status in (200, 204), answer
        return answer

    def declaration(self, **more) -> dict:
        return {"session_id": self.session, "device_id": self.device, "trigger_type": "motion", "duration_seconds": 1,
                "clip_mime": "video/mp4", "clip_size_bytes": 1, **more}

    def until_idle(self) -> None:
        while any(self.call("GET", f"/events?limit=1&status={state}") for state in ("recording", "uploaded", "queued", "processing")):
            time.sleep(0.02)
        assert not self.call("GET", "/events?limit=1&status=failed")
