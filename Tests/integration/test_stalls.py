"""A database or a disk that does not answer delays who asked it, and nobody else. Told by what comes first, not by the clock."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from pictures import count_pictures
from sensor import CONFIG, KEY, LIVE, Peer, frame
from watching import acknowledged, close, ended, finalize, initiate, put, until, upload

# As many round trips of each kind as fit into the 5 s for which SQLite waits, many times over.
COUNT = 100


class OnPostgres:
    """What people sign in by, and the sessions, are locked by somebody else, so that two of the hub's connections wait for it."""

    def __init__(self, start, postgres) -> None:
        self.postgres = postgres
        self.hub = start(DATABASE_URL=postgres.url("stalled"))

    def stalled(self):
        return self.postgres.locked("stalled", "sessions, access_tokens")


class OnSQLite:
    """Another process has the right to write, so that the hub's one connection waits for it, and all that asks the database behind it."""

    def __init__(self, start, _) -> None:
        self.hub = start()

    @contextlib.contextmanager
    def stalled(self):
        with contextlib.closing(sqlite3.connect(self.hub.data / "pingwatch.db", isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")


def answer(peer: Peer, number: int) -> dict:
    """The next answer of the hub, which must be that to this command."""
    while True:
        for message in peer.receive():
            if "id" in message:
                assert message["id"] == number, message
                return message


def send(peer: Peer, command: dict) -> int:
    number = peer.next
    peer.next += 1
    peer.socket.send(json.dumps({"id": number, **command}))
    return number


def ping(*peers: Peer) -> None:
    for peer in peers:
        assert "ping" in answer(peer, send(peer, {"ping": {}}))


class Show:
    """A camera that is watched."""

    def __init__(self, hub, account) -> None:
        self.sensor, self.viewer = Peer(hub, account.token, account.device), Peer(hub, account.token)
        self.stream = self.viewer.rpc("live.watch", {"device_id": account.device})["stream"]
        self.sensor.wait_publication("live.start")
        self.sensor.send(frame(LIVE, self.stream, 0, b'{"codec":"vp8"}', CONFIG))
        self.sent = 1

    def go_on(self) -> None:
        """One picture more, until it has come."""
        flags = KEY if self.sent % 30 == 1 else 0
        self.sensor.send(frame(LIVE, self.stream, self.sent, bytes(2000), flags, timestamp=self.sent * 33_000))
        self.sent += 1
        self.viewer.wait(lambda peer: len(peer.frames) == self.sent)


@pytest.mark.parametrize("Database", [OnPostgres, OnSQLite])
def test_while_a_command_waits_for_the_database_the_others_are_served(start, postgres, enrol, Database):
    database = Database(start, postgres)
    hub = database.hub
    account, other = enrol(hub), enrol(hub)
    waiting, stranger, show = Peer(hub, account.token), Peer(hub, other.token), Show(hub, account)
    with ThreadPoolExecutor() as pool:
        with database.stalled():
            stop = send(waiting, {"rpc": {"method": "session.stop", "data": {"session_id": account.session}}})
            # Sent behind it, so that it waits as well where there is one connection alone.
            ping(waiting)
            coming = pool.submit(Peer, hub, other.token)
            for _ in range(COUNT):
                # One after the other, so that each of them would be held up: of the same connection, of another account, and what is relayed.
                ping(waiting, stranger)
                show.go_on()
            assert hub.call("GET", "/")[0] == 200
            assert not coming.done()
        assert answer(waiting, stop)["rpc"]["data"]["session"]["session_id"] == account.session
        ping(coming.result(10))
    assert hub.stop() == 0


def test_while_the_disk_stands_still_all_that_does_not_use_it_goes_on(start, gate, enrol, small, tmp_path):
    hub = start(**gate.environment)
    account, other, third = enrol(hub), enrol(hub), enrol(hub)
    clip = ended(third, upload(third, small))["clip_url"]
    announced = initiate(third, small.file, small.seconds)
    recorder, opener = Peer(hub, account.token, account.device), Peer(hub, third.token, third.device)
    # Of a stranger, and of the very camera whose clip waits, by another connection and by the same one.
    show = Show(hub, other)
    opened = recorder.open_clip(account.session, **small.opening())
    with ThreadPoolExecutor() as pool:
        with gate.shut():
            for sequence in range(small.frames):
                recorder.send(small.message(opened["stream"], sequence))
            gate.wait()
            # Reading, uploading and opening wait as well: more than there are threads for the disk.
            trigger = {"type": "motion", "at": opener.hello["data"]["time"]}
            opening = send(opener, {"rpc": {"method": "clip.open", "data": {
                "event_id": str(uuid.uuid4()), "session_id": third.session, "trigger": trigger, **small.opening()}}})
            busy = [pool.submit(hub.call, "GET", clip) for _ in range(4)] + [pool.submit(put, third, announced, small.file)]
            for count in range(COUNT):
                show.go_on()
                ping(recorder, opener, show.viewer, show.sensor)
                if count % 10 == 0:
                    assert show.viewer.rpc("device.settings", {"device_id": other.device})
                    assert recorder.rpc("device.telemetry", {"telemetry": {}}) == {}
            # Coming, watching, and looking at what there is.
            late = Peer(hub, other.token)
            assert late.rpc("live.watch", {"device_id": other.device})["stream"] == show.stream
            late.wait(lambda peer: len(peer.frames) > 1)
            assert [each["event_id"] for each in account.get("/events")] == [opened["event"]["event_id"]]
            assert hub.call("GET", "/healthz")[0] == 200 and hub.call("GET", "/")[0] == 200
            assert acknowledged(recorder, opened["stream"]) == 0 and not any(each.done() for each in busy)
        recorder.wait(lambda peer: acknowledged(peer, opened["stream"]) == small.frames)
        assert answer(opener, opening)["rpc"]["data"]["next"] == 0
        assert {each.result(10)[0] for each in busy[:-1]} == {200}
        busy[-1].result(10)
    close(recorder, small, opened)
    finalize(third, announced)
    for owner, event in ((account, opened["event"]["event_id"]), (third, announced)):
        found = ended(owner, event)
        assert (found["status"], found["incomplete"]) == ("done", False)
        assert count_pictures(hub.call("GET", found["clip_url"])[1], tmp_path) == len(small.units)
    assert hub.stop() == 0


def test_what_another_account_takes_back_keeps_nobody_from_connecting(start, postgres, enrol):
    hub = start(DATABASE_URL=postgres.url("revoking"))
    account, other = enrol(hub), enrol(hub)
    # Their tokens are in another table than those of people.
    key = other.post("/api-keys", {"name": "Home", "permissions": ["pair"]})["key"]

    def waiting(statement: str) -> None:
        # The housekeeper may wait as well.
        until(lambda: int(postgres.execute(
            f"SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{statement}%'", "revoking")) == 1)

    with ThreadPoolExecutor(2) as pool, contextlib.ExitStack() as held:
        first = held.enter_context(contextlib.ExitStack())
        first.enter_context(postgres.locked("revoking", "access_tokens"))
        connecting = pool.submit(Peer, hub, account.token)
        waiting("FROM access_tokens JOIN sign_ins")
        # Who looks the person up for a second time waits for this one, which comes behind the first look.
        second = postgres.locked("revoking", "access_tokens")
        locking = pool.submit(held.enter_context, second)
        waiting("LOCK TABLE access_tokens")
        for _ in range(3):
            assert hub.call("POST", f"/devices/{other.device}/token", token=key)[0] == 200
        first.close()
        locking.result(20)
        peer = connecting.result(20)
    assert peer.ask({"ping": {}})
    peer.close()
    assert hub.stop() == 0
