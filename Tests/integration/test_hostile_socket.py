"""Sockets that keep to no rule: what they send, what they do not read, and how they go away."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct

import pytest
from hostile import resident_bytes, serves, unharmed, wait_until
from wire import BINARY, CONT, PING, TEXT, Ended, Raw, RawSocket, frame, handshake


@pytest.fixture(scope="module")
def target(start):
    hub = start(HANDSHAKE_SECONDS="2", SOCKET_CONNECT_SECONDS="2", SOCKET_PING_SECONDS="1", CONNECTIONS_PER_USER="1000")
    hub.token = hub.sign_in()
    yield hub
    assert hub.stop() == 0


@pytest.fixture(autouse=True)
def nothing_happened(target):
    with unharmed(target, target.token):
        yield


def connected(hub, **more) -> RawSocket:
    peer = RawSocket(hub.port, "pingwatch.v1", **more)
    peer.send(frame(TEXT, json.dumps({"id": 1, "connect": {"token": hub.token}}).encode()))
    assert b'"connect"' in peer.message()[1]
    return peer


def test_a_frame_without_a_mask_changes_nothing_for_others(target):
    """Section 5.1 wants such a connection failed; libwebsockets 4.1 takes the frame and does not say that it had no mask."""
    with RawSocket(target.port) as peer:
        peer.send(frame(TEXT, b'{"id":1,"ping":{}}', masked=False))
        # As with a mask: 3501, since connect must come first.
        assert peer.closing() in (1002, 3501)


def test_messages_over_the_limits_end_with_1009(target):
    with RawSocket(target.port) as peer:
        peer.send(frame(BINARY, b"x", length=(1 << 20) + 1))
        assert peer.closing() == 1009
    with RawSocket(target.port) as peer:
        peer.send(frame(TEXT, b" " * ((64 << 10) + 1)))
        assert peer.closing() == 1009


@pytest.mark.parametrize("length", [1 << 31, 1 << 62, (1 << 63) - 1])
def test_an_absurd_length_ends_with_1009(target, length):
    """Added to what came before it, such a length is more than 64 bits hold."""
    with RawSocket(target.port) as peer:
        peer.send(frame(BINARY, b"ab", fin=False) + frame(CONT, b"c", length=length, width=64))
        assert peer.closing() == 1009
    with RawSocket(target.port) as peer:
        peer.send(frame(BINARY, b"c", length=length, width=64))
        assert peer.closing() == 1009


def test_fragments_without_end_are_1009_or_too_late(target):
    with RawSocket(target.port) as peer:
        peer.send(frame(BINARY, b"x" * 4096, fin=False) + frame(CONT, b"x" * 4096, fin=False) * 300)
        assert peer.closing() == 1009
    with RawSocket(target.port) as peer:
        peer.send(frame(TEXT, b"", fin=False) + frame(CONT, b"", fin=False) * 10_000)
        assert peer.closing() == 1009
    # Fewer of those that bring nothing are no sign of life: a connection without `connect` ends.
    with RawSocket(target.port) as peer:
        peer.send(frame(TEXT, b"", fin=False) + frame(CONT, b"", fin=False) * 1000)
        assert peer.closing() == 3502


def test_who_does_not_connect_is_closed(target):
    with RawSocket(target.port) as peer:
        peer.send(frame(PING, b"alive"))
        assert peer.closing() == 3502


def test_garbage_instead_of_frames_ends_that_connection(target):
    for _ in range(50):
        with RawSocket(target.port) as peer:
            with contextlib.suppress(Ended):
                peer.send(os.urandom(2000))
            with contextlib.suppress(TimeoutError):
                peer.closing()


@pytest.mark.parametrize("text", [b"", b"\x00", b"[]", b"null", b"{", b'{"id":0}', b'{"id":1e400}', b'{"id":99999999999999999999}', b"[" * 60_000, b'{"id":1,"rpc":[]}',
                                  b'{"id":1,"connect":{"token":"\\u0000"}}', b'{"id":1,"connect":"x"}', b'{"id":1,"connect":{"data":{"kind":5}}}'],
                         ids=lambda value: value[:16].hex() or "empty")
def test_malformed_commands_are_refused(target, text):
    with RawSocket(target.port) as peer:
        peer.send(frame(TEXT, text))
        assert peer.closing() in ((3502,) if text == b"" else (3500, 3501))


def test_a_peer_that_vanished_is_closed_when_it_does_not_answer(target):
    """Half open: nothing is sent, nothing is answered, and no FIN comes."""
    with connected(target, seconds=30) as peer:
        assert peer.closing() == 3012


def test_a_reader_that_stopped_is_closed_and_fills_no_memory(target):
    with connected(target, receive_buffer=4096) as peer:
        before = resident_bytes(target)
        ask = b"\n".join(b'{"id":%d,"rpc":{"method":"%s"}}' % (index, b"x" * 400) for index in range(2, 100))
        peer.socket.settimeout(1)
        # It stops taking when its answers are not read.
        with contextlib.suppress(TimeoutError, Ended):
            for _ in range(2000):
                peer.send(frame(TEXT, ask))
        assert resident_bytes(target) - before < 64 << 20
        serves(target, target.token)


def test_a_flood_of_connections_leaves_the_others_served(target):
    """A thousand sockets at once, a half of which say nothing after their handshake."""
    peers = [RawSocket(target.port, seconds=60) for _ in range(500)]
    good = [connected(target, seconds=60) for _ in range(500)]
    serves(target, target.token)
    for number, peer in enumerate(good):
        peer.send(frame(TEXT, b'{"id":%d,"ping":{}}' % (number + 2)))
    for number, peer in enumerate(good):
        while b'"id":%d' % (number + 2) not in (got := peer.message()[1]) or b'"ping"' not in got:
            pass
    for peer in peers + good:
        peer.socket.close()


def test_connections_that_are_reset_leave_nothing(target):
    for data in (b"", b"GET / HT", handshake(target.port), handshake(target.port) + frame(TEXT, b'{"id":1,"ping":{}}')[:5]):
        for _ in range(50):
            peer = Raw(target.port)
            peer.send(data)
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.socket.close()
    wait_until(lambda: target.call("GET", "/healthz")[0] == 200)
