"""A hub that is to end does so within STOP_SECONDS, whatever it waits for, and nothing is lost by it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess

import pytest
from pictures import count_pictures
from postgres import free_port
from sensor import Peer
from system import ROOT, Hub
from watching import close, ended, stream, until

# Ended by the signal, as if nobody had caught it: a service manager takes that for an end in order, and a test does not.
OVERDUE = -signal.SIGTERM
OVERDUE_LINE = "the end took too long"


def said_so(hub: Hub) -> bool:
    return any(OVERDUE_LINE in line for line in hub.log)


def test_a_disk_that_stands_still_does_not_keep_the_hub_from_ending(tmp_path, start, gate, enrol, small):
    hub = start(STOP_SECONDS="1", **gate.environment)
    account = enrol(hub)
    sensor = Peer(hub, account.token, account.device)
    opened, other = (sensor.open_clip(account.session, **small.opening()) for _ in range(2))
    stream(sensor, small, opened, to=8)
    stream(sensor, small, other)
    gate.close()
    sensor.send(small.message(opened["stream"], 8))
    gate.wait()
    # Durable already: its processing, which the end of the hub waits for, is what does not get on.
    close(sensor, small, other)
    until(lambda: account.get(f"/events/{other['event']['event_id']}")["status"] == "processing")
    assert hub.stop() == OVERDUE
    until(lambda: said_so(hub))

    # What was acknowledged is there, the rest comes again, and work is taken up.
    hub = account.hub = start(hub.data)
    sensor = Peer(hub, account.token, account.device)
    event = opened["event"]["event_id"]
    opened = sensor.open_clip(account.session, event, **small.opening())
    assert opened["next"] == 8
    stream(sensor, small, opened)
    close(sensor, small, opened)
    for each in (event, other["event"]["event_id"]):
        found = ended(account, each)
        assert (found["status"], found["incomplete"]) == ("done", False)
        assert count_pictures(hub.call("GET", found["clip_url"])[1], tmp_path) == len(small.units)
    assert hub.stop() == 0


def test_a_locked_database_does_not_keep_the_hub_from_ending(start, enrol):
    hub = start(STOP_SECONDS="1")
    account = enrol(hub)
    peer = Peer(hub, account.token)
    with contextlib.closing(sqlite3.connect(hub.data / "pingwatch.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        peer.socket.send(json.dumps({"id": 9, "rpc": {"method": "session.stop", "data": {"session_id": account.session}}}))
        peer.ask({"ping": {}})
        assert hub.stop() == OVERDUE
    until(lambda: said_so(hub))
    hub.environment["STOP_SECONDS"] = "14"
    hub.start()
    assert account.get("/devices")[0]["device_id"] == account.device
    assert hub.stop() == 0


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_start_that_waits_for_the_database_can_be_ended(tmp_path, command):
    environment = {
        "PATH": os.environ["PATH"], "PORT": "0", "DATA_DIR": str(tmp_path), "STOP_SECONDS": "1", "DATABASE_WAIT_SECONDS": "600",
        "DATABASE_URL": f"postgres://somebody@127.0.0.1:{free_port()}/nowhere"}
    binary = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))
    process = subprocess.Popen([binary, command], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert "waiting for the database" in process.stderr.readline()
        process.terminate()
        assert process.wait(15) == OVERDUE
        assert OVERDUE_LINE in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_backlog_of_changes_does_not_keep_the_hub_from_ending_in_order(start, enrol):
    hub = start()
    account = enrol(hub)
    backlog = 300_000
    with contextlib.closing(sqlite3.connect(hub.data / "pingwatch.db", isolation_level=None, timeout=60)) as database:
        owner, = database.execute("SELECT account_id FROM devices WHERE id = ?", (account.device,)).fetchone()
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "INSERT INTO outbox (account_id, kind, subject, at) VALUES (?, 'event.updated', ?, 0)",
            ((owner, str(number)) for number in range(backlog)))
        database.execute("COMMIT")

        def left() -> int:
            return database.execute("SELECT COUNT(*) FROM outbox").fetchone()[0]
        until(lambda: left() < backlog)
        assert hub.stop() == 0
        # They come after the next start.
        assert left() > 0
