"""A database that is late, goes away, is damaged, or is brought up twice."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botapi
import pytest
from pictures import count_pictures
from postgres import free_port
from sensor import Peer, RpcError
from system import Hub
from watching import SECRET, alerts, close, delivered, ended, link, report, run, stream, until, upload

PASSWORD = "open-sesame"


@pytest.fixture
def lasting(postgres, start):
    """A hub on a Postgres server that the test may take away."""
    hub = start(DATABASE_URL=postgres.url("lasting"))
    yield hub
    if postgres.process is None:
        postgres.start()
    assert hub.process.poll() is None, "the hub has ended"
    hub.stop(signal.SIGKILL)


def alive(hub) -> bool:
    return hub.call("GET", "/healthz")[0] == 200


# A database that is not there at the start


def test_a_hub_waits_for_a_database_that_comes_later(postgres, tmp_path):
    url = postgres.url("late")
    postgres.stop()
    hub = Hub(tmp_path, DATABASE_URL=url)
    try:
        with ThreadPoolExecutor() as pool:
            try:
                started = pool.submit(hub.start)
                until(lambda: any("waiting for the database" in line for line in hub.log))
                assert not started.done()
            finally:
                postgres.start()
            started.result(30)
        assert alive(hub) and hub.sign_in()
        assert postgres.password not in "".join(hub.log)
        assert hub.stop() == 0
    finally:
        hub.stop(signal.SIGKILL)


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"], ["migrate", "up"], ["migrate", "status"]], ids=" ".join)
def test_a_database_that_never_comes_is_a_clear_line_without_the_password(tmp_path, command):
    url = f"postgres://pingwatch:{PASSWORD}@127.0.0.1:{free_port()}/nowhere"
    began = time.monotonic()
    result = run(*command, "--data-dir", str(tmp_path), DATABASE_URL=url, DATABASE_WAIT_SECONDS="1")
    assert result.returncode == 1 and result.stdout == "" and time.monotonic() - began < 15
    assert PASSWORD not in result.stderr
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("pingwatch: the database does not answer: ") and "refused" in last


def test_a_wrong_password_is_told_without_it(postgres, tmp_path):
    url = postgres.url("guarded").replace(postgres.password, PASSWORD)
    result = run("serve", "--port", "0", "--data-dir", str(tmp_path), DATABASE_URL=url, DATABASE_WAIT_SECONDS="1")
    assert result.returncode == 1 and "password authentication failed" in result.stderr.strip().splitlines()[-1]
    assert PASSWORD not in result.stderr and postgres.password not in result.stderr


# A database that goes away


def test_while_the_database_is_away_clips_go_on_and_afterwards_everything_does(lasting, postgres, enrol, small, tmp_path):
    account = enrol(lasting)
    viewer, sensor = Peer(lasting, account.token), Peer(lasting, account.token, account.device)
    before = upload(account, small)
    ended(account, before)
    first = sensor.open_clip(account.session, **small.opening())
    second = sensor.open_clip(account.session, **small.opening())
    stream(sensor, small, first, to=8)
    stream(sensor, small, second, to=3)

    postgres.kill()
    for path in ["/events", f"/events/{before}", "/devices", "/auth/me"]:
        status, answer, headers = account.call("GET", path)
        assert (status, answer["error"]["code"]) == (503, "database_unavailable"), path
        assert int(headers["retry-after"]) >= 1
    status, answer, headers = account.call("POST", "/devices/register", {"label": "Attic"})
    assert (status, answer["error"]["code"]) == (503, "database_unavailable") and headers["retry-after"]
    assert lasting.call("GET", "/healthz")[0] == 503
    assert lasting.call("POST", "/auth/dev/login", {"email": "somebody@example.org"})[0] == 503
    # What needs no database goes on: the page, and above all clips under way.
    assert lasting.call("GET", "/")[0] == 200 and lasting.call("GET", "/version")[0] == 200
    stream(sensor, small, first | {"next": 8})
    stream(sensor, small, second | {"next": 3}, to=12)
    # The end of a clip is a row, so it cannot be now; the phone keeps the clip and is told to come again.
    with pytest.raises(RpcError) as refused:
        close(sensor, small, first)
    assert refused.value.code == 108
    with pytest.raises(RpcError) as refused:
        sensor.open_clip(account.session, **small.opening())
    assert refused.value.code == 108

    postgres.start()
    until(lambda: alive(lasting))
    # On the same connections. The clip that could not be closed is opened again, and nothing of it is missing.
    opened = until(lambda: reopened(sensor, account, small, first["event"]["event_id"]))
    assert opened["next"] == small.frames
    close(sensor, small, opened)
    stream(sensor, small, second | {"next": 12})
    close(sensor, small, second)
    for opened in (first, second):
        found = ended(account, opened["event"]["event_id"])
        assert (found["status"], found["incomplete"]) == ("done", False)
        assert count_pictures(lasting.call("GET", found["clip_url"])[1], tmp_path) == len(small.units)
        viewer.wait(lambda peer: finished(peer, found["event_id"]), 20)
    viewer.close()
    sensor.close()
    # Work that comes later is found at once again.
    assert ended(account, report(account))["status"] == "done"
    assert postgres.password not in "".join(lasting.log)


def reopened(sensor, account, clip, event: str) -> dict | None:
    try:
        return sensor.open_clip(account.session, event, **clip.opening())
    except RpcError as error:
        assert error.code == 108
        return None


def finished(viewer, event: str) -> bool:
    updates = [push.get("pub", {}).get("data", {}).get("event", {}) for push in viewer.pushes]
    return any(each.get("event_id") == event and each.get("status") == "done" for each in updates)


def test_a_database_that_is_restarted_between_two_requests_is_hardly_noticed(lasting, postgres, enrol, small):
    account = enrol(lasting)
    for _ in range(3):
        event = upload(account, small)
        postgres.stop()
        postgres.start()
        until(lambda: account.call("GET", "/events")[0] == 200)
        # Well before the lease of whoever worked on it ends.
        assert ended(account, event, 10)["status"] == "done"


def test_as_soon_as_the_hub_is_well_again_no_request_is_refused_any_more(lasting, postgres, enrol):
    account = enrol(lasting)

    def ask(_: int) -> int:
        return account.call("GET", "/events")[0]
    with ThreadPoolExecutor(12) as pool:
        # All connections are in use when the database goes, and each finds it away several times.
        assert set(pool.map(ask, range(48))) == {200}
        postgres.kill()
        for _ in range(6):
            assert set(pool.map(ask, range(48))) == {503}
        postgres.start()
        until(lambda: alive(lasting))
        assert set(pool.map(ask, range(96))) == {200}


def test_events_that_were_being_processed_when_the_database_went_are_done_afterwards(lasting, postgres, enrol, heavy):
    account = enrol(lasting)
    events = [upload(account, heavy) for _ in range(4)]
    until(lambda: any(account.get(f"/events/{event}")["status"] == "processing" for event in events))
    postgres.kill()
    assert account.call("GET", "/events")[0] == 503
    postgres.start()
    until(lambda: alive(lasting))
    for event in events:
        assert ended(account, event, 15)["status"] == "done"
    assert len(account.get("/events")) == 4


def test_an_alert_that_left_while_the_database_went_is_not_sent_again(postgres, start, telegram, enrol, chat):
    hub = start(
        DATABASE_URL=postgres.url("alerting"), TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=telegram.url, TELEGRAM_WEBHOOK_SECRET=SECRET)
    account = enrol(hub)
    link(telegram, account, chat)
    # Telegram takes the message, and answers when there is no database to write that into.
    telegram.fail(("hang", 1), method="sendMessage")
    event = report(account)
    message, = telegram.wait_until(lambda: alerts(telegram, chat), 20)
    postgres.kill()
    try:
        assert account.call("GET", "/events")[0] == 503
        until(lambda: time.time() > message.at + 1.2)
    finally:
        postgres.start()
    until(lambda: alive(hub))
    delivery = delivered(account, event)
    assert (delivery["attempts"], delivery["possible_repeat"]) == (1, False) and alerts(telegram, chat) == [message]
    assert hub.stop() == 0


def test_a_hub_whose_database_is_away_stops_all_the_same_and_its_work_goes_on_later(lasting, postgres, enrol, heavy):
    account = enrol(lasting)
    event = upload(account, heavy)
    until(lambda: account.get(f"/events/{event}")["status"] != "queued")
    postgres.kill()
    assert lasting.call("GET", "/healthz")[0] == 503
    assert lasting.stop() == 0
    postgres.start()
    lasting.start()
    assert ended(account, event, 15)["status"] == "done"


# A database that is damaged


def damage_the_first_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[:100] = b"\x00garbage" * 12 + b"1234"
    path.write_bytes(data)


def damage_a_table(path: Path) -> None:
    with sqlite3.connect(path) as database:
        page, = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events_by_time'").fetchone()
        size, = database.execute("PRAGMA page_size").fetchone()
    database.close()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(data)


def cut_off(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize("damage", [damage_the_first_page, damage_a_table, cut_off], ids=lambda each: each.__name__)
def test_a_damaged_file_is_named_left_alone_and_has_a_page_to_read(start, enrol, damage):
    hub = start()
    account = enrol(hub)
    for _ in range(5):
        report(account)
    assert hub.stop() == 0
    path = hub.data / "pingwatch.db"
    damage(path)
    damaged = path.read_bytes()
    for command in (["serve", "--port", "0"], ["migrate", "up"]):
        result = run(*command, "--data-dir", str(hub.data))
        assert result.returncode == 1 and result.stdout == ""
        line, = result.stderr.strip().splitlines()
        assert line.startswith("pingwatch: the database ") and str(path) in line and "docs/RELIABILITY.md" in line
        assert path.read_bytes() == damaged


# The schema


def lines(result: subprocess.CompletedProcess[str]) -> list[list[str]]:
    assert result.returncode == 0, result.stderr
    return [line.split(maxsplit=2) for line in result.stdout.strip().splitlines()]


def places(postgres, folder: Path) -> list[dict[str, str]]:
    return [{"DATA_DIR": str(folder / "sqlite")}, {"DATA_DIR": str(folder / "other"), "DATABASE_URL": postgres.url("schema")}]


def test_the_schema_is_shown_and_brought_up_by_hand(postgres, tmp_path):
    seen = []
    for environment in places(postgres, tmp_path):
        missing = lines(run("migrate", "status", **environment))
        assert missing and {line[0] for line in missing} == {"missing"} and [line[1] for line in missing] == [str(n + 1) for n in range(len(missing))]
        assert lines(run("migrate", "status", **environment)) == missing
        applied = [["applied", *line[1:]] for line in missing]
        assert lines(run("migrate", "up", **environment)) == applied
        assert lines(run("migrate", "up", **environment)) == applied == lines(run("migrate", "status", **environment))
        seen.append(applied)
    assert seen[0] == seen[1]


def test_a_schema_of_a_newer_version_is_left_alone(tmp_path):
    lines(run("migrate", "up", DATA_DIR=str(tmp_path)))
    with sqlite3.connect(tmp_path / "pingwatch.db") as database:
        database.execute("INSERT INTO migrations (version, name, applied_at) VALUES (999, 'later', 0)")
    database.close()
    for command in ("serve", "migrate"):
        result = run(command, DATA_DIR=str(tmp_path), PORT="0")
        assert result.returncode == 1 and "newer version of the hub (schema 999" in result.stderr


def test_two_that_bring_an_empty_database_up_at_once_both_succeed(postgres, tmp_path):
    for round in range(3):
        url = postgres.url(f"twice_{round}")
        with ThreadPoolExecutor(4) as pool:
            results = [pool.submit(run, "migrate", "up", DATA_DIR=str(tmp_path), DATABASE_URL=url) for _ in range(4)]
            outcomes = [lines(each.result()) for each in results]
        assert all(outcome == outcomes[0] and {line[0] for line in outcome} == {"applied"} for outcome in outcomes)
        assert postgres.execute("SELECT COUNT(*) = COUNT(DISTINCT version) FROM migrations", f"twice_{round}") == "t"
