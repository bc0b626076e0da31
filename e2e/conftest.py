from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from playwright.sync_api import Browser, Error, expect, sync_playwright  # noqa: E402

import botapi  # noqa: E402
from system import BROWSER_ARGS, CHROMIUM, MEDIA, Hub, camera_args, camera_file  # noqa: E402

# What is expected comes at once, but not on a machine that does other things.
expect.set_options(timeout=15_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What the pages showed is said with a failure: it may not come back where one could look."""
    report = yield
    if report.failed:
        browsers = {id(each): each for each in getattr(item, "funcargs", {}).values() if isinstance(each, Browser)}
        for page in [page for browser in browsers.values() for context in browser.contexts for page in context.pages]:
            try:
                shown = page.locator("body").aria_snapshot(timeout=2000)
            except Error as error:
                shown = str(error)
            report.sections.append((f"page {page.url}", shown))
    return report


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as instance:
        yield instance


@pytest.fixture(scope="session")
def shared_browser(playwright):
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS)
    yield browser
    browser.close()


@pytest.fixture
def viewer_browser(shared_browser):
    """Its pages end with the test: they would look for their hub for ever."""
    yield shared_browser
    for context in shared_browser.contexts:
        context.close()


def one_by_one(folder, *parts: tuple[float, float]):
    """Parts of the recording with one person at a time, as a camera, which plays them again and again."""
    video = MEDIA / "one-by-one.mp4"
    if not video.exists():
        pytest.skip("no recorded material at ../shared/media/one-by-one.mp4")
    return camera_file(video, folder, *parts)


@pytest.fixture(scope="session")
def visits(tmp_path_factory):
    """Two people, the second of whom stays: from 6.0 to 19.6 s, and from 22.6 s on."""
    return one_by_one(tmp_path_factory.mktemp("camera"), (0, 40))


@pytest.fixture(scope="session")
def first_visit(tmp_path_factory):
    """One person, from 6.0 to 19.6 s, who comes back after 28 s."""
    return one_by_one(tmp_path_factory.mktemp("camera"), (0, 22))


@pytest.fixture(scope="session")
def empty_room(tmp_path_factory):
    return one_by_one(tmp_path_factory.mktemp("camera"), (0, 5))


@pytest.fixture(scope="session")
def one_visit(tmp_path_factory, first_visit, empty_room):
    """One person, from 6.0 to 19.6 s, and nobody else for a minute."""
    target = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    # Pictures in a row need nothing between them.
    target.write_bytes(first_visit.read_bytes() + 12 * empty_room.read_bytes())
    return target


@contextmanager
def filming(playwright, camera):
    """A browser whose camera begins at the first picture with each getUserMedia."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=camera_args(camera))
    yield browser
    browser.close()


@pytest.fixture
def walker_browser(playwright, tmp_path):
    """One person who comes and goes every five seconds, as in a walk test: in from 6.0 s on, out until 19.6 s."""
    with filming(playwright, one_by_one(tmp_path, (4.5, 7.5), (18.8, 20.6))) as browser:
        yield browser


@pytest.fixture
def camera_browser(playwright, visits):
    with filming(playwright, visits) as browser:
        yield browser


@pytest.fixture
def first_visit_browser(playwright, first_visit):
    with filming(playwright, first_visit) as browser:
        yield browser


@pytest.fixture
def one_visit_browser(playwright, one_visit):
    """For tests of one event: what they wait for may take longer than until the next visitor."""
    with filming(playwright, one_visit) as browser:
        yield browser


@pytest.fixture
def empty_room_browser(playwright, empty_room):
    """For tests that record by themselves."""
    with filming(playwright, empty_room) as browser:
        yield browser


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
