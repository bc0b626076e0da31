"""What tests of alerts do: cameras without a camera, clips by HTTP, chats that are linked."""

from __future__ import annotations

import time
from pathlib import Path


class Account:
    """One who uses the hub by its API."""

    def __init__(self, hub, email: str) -> None:
        self.hub = hub
        self.email = email
        self.token = hub.sign_in(email)

    def call(self, method: str, path: str, body: object = None):
        status, answer, _ = self.hub.call(method, path, body, self.token)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def camera(self, label: str) -> dict:
        """A device and a session of it."""
        device = self.call("POST", "/devices/register", {"label": label})
        return self.call("POST", "/sessions/start", {"device_id": device["device_id"]})

    def upload(self, session: dict, clip: Path | bytes, seconds: float = 3) -> str:
        """The id of an event whose clip has arrived."""
        data = clip if isinstance(clip, bytes) else clip.read_bytes()
        made = self.call("POST", "/events/upload/initiate", {
            "session_id": session["session_id"], "device_id": session["device_id"], "trigger_type": "motion",
            "duration_seconds": seconds, "clip_mime": "video/mp4", "clip_size_bytes": len(data),
        })
        status, answer, _ = self.hub.call("PUT", made["upload_url"], raw=data, token=self.token)
        assert status == 200, answer
        event = made["event"]["event_id"]
        self.call("POST", f"/events/{event}/upload/finalize")
        return event

    def link(self, bot, session: dict, chat: int, username: str = "someone") -> None:
        attempt = self.call("POST", "/notifications/telegram/link/start", {"device_id": session["device_id"]})
        bot.user_sends(chat, attempt["fallback_command"], username)
        query = f"device_id={session['device_id']}&attempt_id={attempt['attempt_id']}"
        until(lambda: self.call("GET", f"/notifications/telegram/link/status?{query}")["status"] == "ready")

    def targets(self, session: dict) -> list[dict]:
        return self.call("GET", f"/notifications/targets?device_id={session['device_id']}")

    def deliveries(self, event: str) -> list[dict]:
        return self.call("GET", f"/events/{event}/deliveries")


def until(condition, timeout: float = 30):
    """The condition's value, once it is a true one."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)
    return value
