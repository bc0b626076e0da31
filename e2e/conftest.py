from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from playwright.sync_api import sync_playwright  # noqa: E402

import botapi  # noqa: E402
from system import BROWSER_ARGS, CHROMIUM, MEDIA, Hub, camera_args, camera_file  # noqa: E402


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as instance:
        yield instance


@pytest.fixture(scope="session")
def viewer_browser(playwright):
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def visits(tmp_path_factory):
    """The first 40 seconds of the recording with one person at a time, as a camera."""
    video = MEDIA / "one-by-one.mp4"
    if not video.exists():
        pytest.skip("no recorded material at ../shared/media/one-by-one.mp4")
    return camera_file(video, tmp_path_factory.mktemp("camera"), seconds=40)


@pytest.fixture
def camera_browser(playwright, visits):
    """A browser whose camera begins at the first picture with each getUserMedia."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=camera_args(visits))
    yield browser
    browser.close()


@pytest.fixture
def bot():
    api = botapi.BotApi()
    yield api
    api.stop()


@pytest.fixture
def hub(tmp_path, bot):
    hub = Hub(tmp_path / "data", TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=bot.url).start()
    yield hub
    hub.stop()
