"""A database that does not answer delays who asked it, and nobody else. Told by what comes first, not by the clock."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from sensor import CONFIG, KEY, LIVE, Peer, frame
from watching import until

# As many round trips of each kind as fit into the 5 s for which SQLite waits, many times over.
COUNT = 100


class OnPostgres:
    """The table of sessions is locked by somebody else, so that one of the hub's connections waits for it."""

    def __init__(self, start, postgres) -> None:
        self.postgres = postgres
        self.hub = start(DATABASE_URL=postgres.url("stalled"))

    def stalled(self):
        return self.postgres.locked("stalled", "sessions")


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


@pytest.mark.parametrize("Database", [OnPostgres, OnSQLite])
def test_while_a_command_waits_for_the_database_the_others_are_served(start, postgres, enrol, Database):
    database = Database(start, postgres)
    hub = database.hub
    account, other = enrol(hub), enrol(hub)
    waiting, sensor, viewer = Peer(hub, account.token), Peer(hub, account.token, account.device), Peer(hub, account.token)
    stranger = Peer(hub, other.token)
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start")
    sensor.send(frame(LIVE, stream, 0, b'{"codec":"vp8"}', CONFIG))
    with database.stalled():
        stop = send(waiting, {"rpc": {"method": "session.stop", "data": {"session_id": account.session}}})
        for sequence in range(1, COUNT + 1):
            sensor.send(frame(LIVE, stream, sequence, bytes(2000), KEY if sequence % 30 == 1 else 0, timestamp=sequence * 33_000))
            # One after the other, so that each of them would be held up: of the same connection, of another account, and what is relayed.
            for peer in (waiting, stranger):
                assert "ping" in answer(peer, send(peer, {"ping": {}}))
            viewer.wait(lambda peer, count=sequence + 1: len(peer.frames) == count)
        assert hub.call("GET", "/")[0] == 200
    assert answer(waiting, stop)["rpc"]["data"]["session"]["session_id"] == account.session
    assert hub.stop() == 0


def test_what_another_account_takes_back_keeps_nobody_from_connecting(start, postgres, enrol):
    hub = start(DATABASE_URL=postgres.url("revoking"))
    account, other = enrol(hub), enrol(hub)
    # Their tokens are in another table than those of people.
    key = other.post("/api-keys", {"name": "Home", "permissions": ["pair"]})["key"]

    def waiting(count: int) -> None:
        until(lambda: int(postgres.execute("SELECT COUNT(*) FROM pg_locks WHERE NOT granted", "revoking")) == count)

    with ThreadPoolExecutor(2) as pool, contextlib.ExitStack() as held:
        first = held.enter_context(contextlib.ExitStack())
        first.enter_context(postgres.locked("revoking", "access_tokens"))
        connecting = pool.submit(Peer, hub, account.token)
        waiting(1)
        # Who looks the person up for a second time waits for this one, which comes behind the first look.
        second = postgres.locked("revoking", "access_tokens")
        locking = pool.submit(held.enter_context, second)
        waiting(2)
        for _ in range(3):
            assert hub.call("POST", f"/devices/{other.device}/token", token=key)[0] == 200
        first.close()
        locking.result(20)
        peer = connecting.result(20)
    assert peer.ask({"ping": {}})
    peer.close()
    assert hub.stop() == 0
