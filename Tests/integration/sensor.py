"""A sensor and a viewer of the socket protocol, for tests: blocking, one connection each."""

from __future__ import annotations

import json
import struct
import time
import uuid

from websockets.sync.client import connect

KEY, CONFIG, LAST = 1, 2, 4
LIVE, CLIP, BYTES, STILL = 1, 2, 3, 4


def frame(kind: int, stream: int, sequence: int, payload: bytes = b"", flags: int = 0, track: int = 0, timestamp: int = 0, duration: int = 0) -> bytes:
    return struct.pack(">BBHIIIQ", kind, flags, track, stream, sequence, duration, timestamp) + payload


class Peer:
    def __init__(self, hub, token: str | None, device: str | None = None, subs: dict | None = None, subprotocols=("pingwatch.v1",),
                 data: dict | None = None) -> None:
        self.socket = connect(hub.socket_url, subprotocols=list(subprotocols) or None, max_size=None, compression=None, legacy=True)
        self.next = 1
        self.pushes: list[dict] = []
        self.frames: list[bytes] = []
        data = ({"kind": "sensor", "device_id": device} if device else {"kind": "viewer"}) | (data or {})
        self.hello = self.ask({"connect": {"token": token, "data": data, "subs": subs or {}}})["connect"]

    def ask(self, command: dict, timeout: float = 10) -> dict:
        number = self.next
        self.next += 1
        self.socket.send(json.dumps({"id": number, **command}))
        while True:
            for message in self.receive(timeout):
                if message.get("id") == number:
                    return message

    def rpc(self, method: str, data: dict | None = None) -> dict:
        reply = self.ask({"rpc": {"method": method, "data": data or {}}})
        if "error" in reply:
            raise RpcError(reply["error"])
        return reply["rpc"]["data"]

    def receive(self, timeout: float = 10) -> list[dict]:
        """The next message of the socket; pushes and frames are kept."""
        data = self.socket.recv(timeout)
        if isinstance(data, bytes):
            self.frames.append(data)
            return []
        messages = [json.loads(line) for line in data.split("\n") if line]
        # The hub's ping, which wants the same back.
        if {} in messages:
            self.socket.send("{}")
        self.pushes += [message["push"] for message in messages if "push" in message]
        return messages

    def wait(self, condition, timeout: float = 10):
        """Until `condition(peer)` gives something."""
        deadline = time.monotonic() + timeout
        while not (found := condition(self)):
            self.receive(max(0.01, deadline - time.monotonic()))
        return found

    def wait_publication(self, kind: str, timeout: float = 10, **fields) -> dict:
        def look(_):
            for push in self.pushes:
                data = push.get("pub", {}).get("data") or push.get("message", {}).get("data") or {}
                if data.get("type") == kind and all(data.get(key) == value for key, value in fields.items()):
                    return data
        return self.wait(look, timeout)

    def send(self, data: bytes) -> None:
        self.socket.send(data)

    def open_clip(self, session: str, event: str | None = None, **more) -> dict:
        return self.rpc("clip.open", {
            "event_id": event or str(uuid.uuid4()), "session_id": session, "trigger": {"type": "motion", "at": int(time.time() * 1000), "score": 0.1},
            "tracks": [{"track": 0, "kind": "video", "codec": "avc1.42001f", "width": 320, "height": 240}], "pre_roll_ms": 1000, **more,
        })

    def close(self) -> None:
        self.socket.close()


class RpcError(Exception):
    def __init__(self, error: dict) -> None:
        super().__init__(error["message"])
        self.code = error["code"]


def publications(peer: Peer, kind: str) -> list[dict]:
    found = [push.get("pub", {}).get("data") or push.get("message", {}).get("data") or {} for push in peer.pushes]
    return [each for each in found if each.get("type") == kind]
