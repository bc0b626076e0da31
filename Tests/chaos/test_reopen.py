"""A camera that comes back before its last frames are on a slow disk."""

from __future__ import annotations

import socket
import struct
import uuid
from pathlib import Path

import pytest

import paths  # noqa: F401

import material
from run import CannotTry, build_slow_disk
from sensor import Peer
from system import Hub


def cut(peer: Peer) -> None:
    """As when the network goes: no close frame, a reset."""
    connection = peer.socket.socket
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("slow")
    try:
        library = build_slow_disk(folder)
    except CannotTry as reason:
        pytest.skip(str(reason))
    hub = Hub(folder / "data", LD_PRELOAD=str(library), SLOW_DISK_MS="60").start()
    yield hub
    assert hub.stop() == 0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> material.Material:
    return material.make(tmp_path_factory.mktemp("material"))


def test_what_was_acknowledged_is_never_asked_for_again(hub: Hub, clip: material.Material) -> None:
    token = hub.sign_in()
    device = hub.call("POST", "/devices/register", {"label": "Hall"}, token)[1]["device_id"]
    session = hub.call("POST", "/sessions/start", {"device_id": device}, token)[1]["session_id"]
    more = {"tracks": [{"track": 0, "kind": "video", "codec": material.CODEC, "width": 96, "height": 72}], "pre_roll_ms": 0}
    for _ in range(4):
        event = str(uuid.uuid4())
        first = Peer(hub, token, device)
        opened = first.open_clip(session, event, **more)
        for number in range(12):
            first.send(clip.message(True, opened["stream"], number))
        cut(first)
        second = Peer(hub, token, device)
        opened = second.open_clip(session, event, **more)
        for number in range(opened["next"], 15):
            second.send(clip.message(True, opened["stream"], number))
        second.wait_publication("clip.ack", next=15)
        cut(second)
        third = Peer(hub, token, device)
        assert third.open_clip(session, event, **more)["next"] == 15
        third.close()
