from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "e2e"))
sys.path.insert(0, str(Path(__file__).parent))

import botapi  # noqa: E402
import pictures  # noqa: E402
from mailbox import Mailbox  # noqa: E402
from postgres import PostgresServer, find_programs  # noqa: E402
from sensor import Peer  # noqa: E402
from slow_disk import Gate  # noqa: E402
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


# For the tests of faults, which have hubs and bots of their own.


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Starts hubs, each with its own data unless `data` says otherwise; those that still run in the end are killed."""
    hubs: list[Hub] = []

    def start(data: Path | None = None, **environment: str) -> Hub:
        hub = Hub(data or tmp_path_factory.mktemp("hub"), **environment)
        hubs.append(hub)
        return hub.start()

    yield start
    for hub in hubs:
        hub.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def telegram():
    """A Bot API server of the module's own, whose chats take messages at any pace."""
    api = botapi.BotApi()
    api.set_pace(0)
    yield api
    api.stop()


@pytest.fixture(scope="module")
def mailbox():
    mailbox = Mailbox()
    yield mailbox
    mailbox.stop()


@pytest.fixture(scope="session")
def enrol():
    """Makes new users with a camera that watches."""
    return lambda hub: Account(hub, f"{uuid.uuid4()}@example.org")


_chats = itertools.count(5_000_001)


@pytest.fixture
def chat() -> int:
    return next(_chats)


@pytest.fixture
def other_chat() -> int:
    return next(_chats)


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> pictures.Clip:
    return pictures.small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def heavy(tmp_path_factory) -> pictures.Clip:
    return pictures.heavy(tmp_path_factory.mktemp("heavy"))


@pytest.fixture(scope="session")
def large(tmp_path_factory) -> pictures.Clip:
    return pictures.large(tmp_path_factory.mktemp("large"))


@pytest.fixture
def gate(tmp_path):
    """Stops a hub at its disk."""
    try:
        return Gate(tmp_path)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"skipped: there is no C compiler: {error}")
        pytest.skip(f"there is no C compiler: {error}")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    if find_programs() is None:
        pytest.skip("Postgres is not installed")
    with PostgresServer(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def sensor(hub, account):
    """The account's camera, connected."""
    peer = Peer(hub, account.token, account.device)
    yield peer
    peer.close()
