"""What the tests of hostile peers share: that a hub serves others meanwhile, complains of nothing, and keeps nothing."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

from wire import TEXT, Raw, RawSocket, frame


def wait_until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)


def descriptors(hub) -> int:
    return len(os.listdir(f"/proc/{hub.process.pid}/fd"))


def resident_bytes(hub) -> int:
    return int(Path(f"/proc/{hub.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def serves(hub, token: str) -> None:
    """Pages, the API with its database, and sockets."""
    assert hub.call("GET", "/")[0] == 200
    assert hub.call("GET", "/auth/me", token=token)[0] == 200
    with RawSocket(hub.port) as peer:
        peer.send(frame(TEXT, b'{"id":1,"connect":{"token":"%s"}}\n{"id":2,"ping":{}}' % token.encode()))
        opcode, payload = peer.message()
        assert opcode == TEXT and b'"connect"' in payload


@contextlib.contextmanager
def unharmed(hub, token: str):
    """Around what is done to the hub."""
    # The connections of what was before end first.
    level = stable(lambda: descriptors(hub))
    lines = len(hub.log)
    yield
    serves(hub, token)
    assert hub.process.poll() is None
    wait_until(lambda: descriptors(hub) <= level, 30)
    assert [line for line in hub.log[lines:] if '"level":"error"' in line or "Fatal" in line] == []


def stable(value):
    """The value, once it has been the same for a while."""
    last, since = value(), time.monotonic()
    while time.monotonic() - since < 0.2:
        time.sleep(0.02)
        if (now := value()) != last:
            last, since = now, time.monotonic()
    return last


def refused(port: int, data: bytes) -> int | None:
    """Sends the bytes; the status that answers them, or None when the connection ends without one."""
    with Raw(port) as peer:
        with contextlib.suppress(Exception):
            peer.send(data)
        got = peer.rest() if b"Connection: close" in data else first(peer)
        return int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.") else None


def first(peer: Raw) -> bytes:
    with contextlib.suppress(Exception):
        return peer.until(b"\r\n\r\n")
    return peer.buffer


def answers(text: bytes, number: int) -> bool:
    """Whether a message, which may have several lines, has the answer to a command."""
    return any(json.loads(line).get("id") == number for line in text.split(b"\n"))
