"""People of an account, and cameras with tokens of their own, for tests."""

from __future__ import annotations

import json
import sqlite3
import uuid

import pytest
from sensor import Peer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


class Person:
    """Somebody who is signed in, perhaps to an account that is not their own."""

    def __init__(self, hub, email: str | None = None) -> None:
        self.hub = hub
        self.email = email or f"{uuid.uuid4()}@example.org"
        self.token = hub.sign_in(self.email)
        self.id = self.get("/auth/me")["user_id"]

    def call(self, method: str, path: str, body: object = None):
        return self.hub.call(method, path, body, self.token)

    def get(self, path: str):
        status, answer, _ = self.call("GET", path)
        assert status == 200, answer
        return answer

    def post(self, path: str, body: object = None):
        status, answer, _ = self.call("POST", path, body)
        assert status == 200, answer
        return answer

    def status(self, method: str, path: str, body: object = None) -> tuple[int, str | None]:
        """Status, and the error's code."""
        status, answer, _ = self.call(method, path, body)
        return status, answer["error"]["code"] if status >= 400 else None

    def account(self) -> str:
        return self.get("/auth/me")["account_id"]

    def actions(self) -> list[str]:
        """What the audit log of the account says, the newest first, but for who signed in."""
        return [entry["action"] for entry in self.get("/account/audit") if not entry["action"].startswith("sign_in.")]

    def switch(self, account: str) -> None:
        self.token = self.post("/auth/switch", {"account_id": account})["access_token"]

    def invite(self, role: str, **more) -> str:
        """The secret of an invitation."""
        return self.post("/account/invitations", {"role": role, **more})["url"].rsplit("/", 1)[1]

    def join(self, owner: "Person", role: str, **more) -> "Person":
        self.token = self.post("/auth/invitations/accept", {"secret": owner.invite(role, **more)})["access_token"]
        return self


def camera(owner, label: str = "Hall") -> tuple[str, str]:
    """A device with a token of its own: both."""
    made = owner.post("/devices/register", {"label": label, "with_token": True})
    return made["device_id"], made["device_token"]


def write(hub, statement: str, *values) -> int:
    """Changes the hub's database, for what would take too long: how many rows."""
    with sqlite3.connect(hub.data / "pingwatch.db", timeout=30) as database:
        return database.execute(statement, values).rowcount


def rows(hub, statement: str, *values) -> list[tuple]:
    with sqlite3.connect(hub.data / "pingwatch.db", timeout=30) as database:
        return database.execute(statement, values).fetchall()


def closing(socket, timeout: float = 10) -> int:
    """The code with which the hub closes the connection."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(timeout)
    return closed.value.rcvd.code


def refused(hub, token: str, **data) -> int:
    """The code with which the hub closes a connection that cannot be."""
    socket = connect(hub.socket_url, subprotocols=["pingwatch.v1"], legacy=True)
    socket.send(json.dumps({"id": 1, "connect": {"token": token, "data": data}}))
    return closing(socket)


def live(hub, viewer: Peer, sensor: Peer, device: str) -> int:
    """A stream that has begun."""
    stream = viewer.rpc("live.watch", {"device_id": device})["stream"]
    sensor.wait_publication("live.start", stream=stream)
    return stream
