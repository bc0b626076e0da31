from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "e2e"))
sys.path.insert(0, str(Path(__file__).parent))

import botapi  # noqa: E402
from system import MEDIA, Hub  # noqa: E402


@pytest.fixture(scope="session")
def bot():
    api = botapi.BotApi()
    yield api
    api.stop()


@pytest.fixture(scope="session")
def hub(tmp_path_factory, bot):
    hub = Hub(
        tmp_path_factory.mktemp("hub"), TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=bot.url, TELEGRAM_WEBHOOK_SECRET="hook-secret"
    ).start()
    yield hub
    assert hub.stop() == 0


class Account:
    """A user with a camera that watches."""

    def __init__(self, hub: Hub, email: str) -> None:
        self.hub = hub
        self.token = hub.sign_in(email)
        self.device = self.post("/devices/register", {"label": "Hall"})["device_id"]
        self.session = self.post("/sessions/start", {"device_id": self.device})["session_id"]

    def call(self, method: str, path: str, body: object = None, **more):
        return self.hub.call(method, path, body, self.token, **more)

    def post(self, path: str, body: object = None) -> dict:
        status, answer, _ = self.call("POST", path, body)
        assert status == 200, answer
        return answer

    def get(self, path: str):
        status, answer, _ = self.call("GET", path)
        assert status == 200, answer
        return answer

    def declaration(self, **more) -> dict:
        return {
            "session_id": self.session, "device_id": self.device, "trigger_type": "motion", "duration_seconds": 3,
            "clip_mime": "video/mp4", "clip_size_bytes": 100, **more,
        }


@pytest.fixture
def account(hub, request) -> Account:
    return Account(hub, f"{abs(hash(request.node.nodeid))}@example.org")


@pytest.fixture
def other(hub, request) -> Account:
    return Account(hub, f"{abs(hash(request.node.nodeid))}-other@example.org")


@pytest.fixture(scope="session")
def clip() -> bytes:
    path = MEDIA / "webcam-person.mkv"
    if not path.exists():
        pytest.skip("no recorded material at ../shared/media/webcam-person.mkv")
    return path.read_bytes()
