"""Sockets that keep to no rule: what they send, what they do not read, and how they go away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import struct
import threading

import pytest
from hostile import answers, descriptors, resident_bytes, serves, stable, unharmed, wait_until
from watching import Line
from wire import BINARY, CLOSE, CONT, PING, TEXT, Ended, Raw, RawSocket, frame, handshake


@pytest.fixture(scope="module")
def target(start):
    hub = start(HANDSHAKE_SECONDS="2", SOCKET_CONNECT_SECONDS="2", SOCKET_PING_SECONDS="1", CONNECTIONS_PER_USER="1000",
                CONNECTIONS_PER_ADDRESS="2000")
    hub.token = hub.sign_in()
    yield hub
    assert hub.stop() == 0


@pytest.fixture(autouse=True)
def nothing_happened(target):
    with unharmed(target, target.token):
        yield


def connected(hub, port: int | None = None, data: dict | None = None, **more) -> RawSocket:
    peer = RawSocket(port or hub.port, "pingwatch.v1", **more)
    peer.send(frame(TEXT, json.dumps({"id": 1, "connect": {"token": hub.token, **({"data": data} if data else {})}}).encode()))
    assert b'"connect"' in peer.message()[1]
    return peer


def test_a_frame_without_a_mask_changes_nothing_for_others(target):
    """Section 5.1 wants such a connection failed; libwebsockets 4.1 takes the frame and does not say that it had no mask."""
    with RawSocket(target.port) as peer:
        peer.send(frame(TEXT, b'{"id":1,"ping":{}}', masked=False))
        # As with a mask: 3501, since connect must come first.
        assert peer.closing() == 3501


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
    with RawSocket(target.port) as peer:
        peer.send(frame(TEXT, b"x", fin=False) + frame(CONT, b"x", fin=False) * 10_000)
        assert peer.closing() == 1009
    # Fewer of those that bring nothing are no sign of life: a connection without `connect` ends.
    with RawSocket(target.port) as peer:
        peer.send(frame(TEXT, b"", fin=False) + frame(CONT, b"", fin=False) * 1000)
        assert peer.closing() == 3502


def test_who_does_not_connect_is_closed(target):
    with RawSocket(target.port) as peer:
        peer.send(frame(PING, b"alive"))
        assert peer.closing() == 3502


# Nothing before it; the beginning of a text message of 125 bytes, which is not UTF-8 then; that of a binary one, which needs a subprotocol, with
# its mask and nothing behind it that would be a bad frame.
@pytest.mark.parametrize("head, size, code", [(b"", 2000, 1002), (b"\x81\xfd", 2000, 1007), (b"\x82\xfd", 4 + 125, 1003)], ids=["nothing", "text", "binary"])
def test_garbage_instead_of_frames_ends_that_connection(target, head, size, code):
    source = random.Random(6455)
    for _ in range(50):
        with RawSocket(target.port) as peer:
            with contextlib.suppress(Ended):
                peer.send(head + source.randbytes(size))
            assert peer.closing() == code
            assert peer.rest() == b""


@pytest.mark.parametrize("text, code", [
    *[(text, 3501) for text in (
        b"\x00", b"[]", b"null", b"{", b'{"id":0}', b'{"id":1e400}', b'{"id":99999999999999999999}', b"[" * 60_000, b'{"id":1,"rpc":[]}',
        b'{"id":1,"connect":"x"}', b'{"id":1,"connect":{"data":"x"}}', b'{"id":1,"connect":{"token":5}}', b'{"id":1,"connect":{"subs":[]}}',
        b'{"id":1,"connect":{"data":{"kind":5}}}', b'{"id":1,"connect":{"data":{"kind":"sensor","device_id":5}}}')],
    # A token of the right type that is nobody's; and no command at all, so that `connect` is missing in the end.
    (b'{"id":1,"connect":{"token":"\\u0000"}}', 3500), (b"", 3502),
], ids=lambda value: value[:16].hex() or "empty" if isinstance(value, bytes) else str(value))
def test_malformed_commands_are_refused(target, text, code):
    with RawSocket(target.port) as peer:
        peer.send(frame(TEXT, text))
        assert peer.closing() == code


def test_a_peer_that_vanished_is_closed_when_it_does_not_answer(target):
    """Half open: nothing is sent, nothing is answered, and no FIN comes."""
    with connected(target, seconds=30) as peer:
        assert peer.closing() == 3012


def test_a_peer_whose_line_stalls_is_closed_and_leaves_nothing(target):
    """Half open behind a line on which nothing comes or goes."""
    line = Line(target.port)
    level = stable(lambda: descriptors(target))
    with connected(target, line.port, seconds=30) as peer:
        assert descriptors(target) > level
        line.stall()
        wait_until(lambda: descriptors(target) <= level, 30)
        # What the hub sent meanwhile.
        line.stall(False)
        assert peer.closing() == 3012
    line.shut()


def test_who_asks_without_reading_fills_no_memory(target):
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


@pytest.fixture(scope="module")
def narrow(start):
    """A hub that lets little text wait."""
    hub = start(QUEUE_BYTES="65536", SOCKET_PING_SECONDS="300")
    hub.token = hub.sign_in()
    hub.device = hub.call("POST", "/devices/register", {"label": "Hall"}, hub.token)[1]["device_id"]
    yield hub
    assert hub.stop() == 0


@pytest.mark.parametrize("reads", [True, False])
def test_a_reader_that_stopped_is_closed(narrow, reads):
    """More is published to who does not read than the kernel and the hub's queue hold: 3008 behind what the kernel took, or, when that is not
    read either, the end after 5 s, within which four mebibytes tell whether the hub keeps them."""
    with unharmed(narrow, narrow.token), connected(narrow, receive_buffer=4096) as peer:
        level = stable(lambda: descriptors(narrow))
        with connected(narrow, data={"kind": "sensor", "device_id": narrow.device}) as sensor:
            before = resident_bytes(narrow)
            telemetry = json.dumps({"method": "device.telemetry", "data": {"telemetry": {"x": "y" * 4000}}})
            for number in range(2, 258 if reads else 1026):
                sensor.send(frame(TEXT, b'{"id":%d,"rpc":%s}' % (number, telemetry.encode())))
                while not answers(sensor.message()[1], number):
                    pass
            assert resident_bytes(narrow) - before < 16 << 20
        if reads:
            assert peer.closing() == 3008
        else:
            wait_until(lambda: descriptors(narrow) < level)
            assert len(peer.rest()) < 1 << 20


class Flood:
    """Sockets that connect all at once; every second one says nothing after its handshake, the others sign in and ping until they are told to stop."""

    def __init__(self, hub, count: int) -> None:
        self.hub = hub
        self.count = count
        self.begun = threading.Event()
        self.standing = threading.Event()
        self.stopping = threading.Event()
        self.connected = 0
        self.codes: list[int] = []
        self.pongs: list[int] = []
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
        except BaseException as error:
            self.error = error
        self.begun.set()
        self.standing.set()

    async def _all(self) -> None:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for index in range(self.count):
                group.create_task(self._silent() if index % 2 else self._good())
            self.begun.set()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.hub.port)
        writer.write(handshake(self.hub.port, "pingwatch.v1"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        self.connected += 1
        if self.connected == self.count:
            self.standing.set()
        return reader, writer

    @staticmethod
    async def _message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
        first, size = await reader.readexactly(2)
        if size == 126:
            size, = struct.unpack("!H", await reader.readexactly(2))
        return first & 0x0F, await reader.readexactly(size)

    async def _silent(self) -> None:
        reader, writer = await self._open()
        opcode, payload = await self._message(reader)
        assert opcode == CLOSE
        self.codes.append(struct.unpack("!H", payload[:2])[0])
        writer.close()

    async def _good(self) -> None:
        reader, writer = await self._open()
        writer.write(frame(TEXT, b'{"id":1,"connect":{"token":"%s"}}' % self.hub.token.encode()))
        number = 1
        while True:
            while not answers((await self._message(reader))[1], number):
                pass
            if self.stopping.is_set():
                break
            if number > 1:
                await asyncio.sleep(0.2)
            number += 1
            writer.write(frame(TEXT, b'{"id":%d,"ping":{}}' % number))
        self.pongs.append(number - 1)
        writer.close()


@pytest.fixture
def patient(start):
    """As `target`, but for clients that have a machine to share."""
    hub = start(SOCKET_CONNECT_SECONDS="15", SOCKET_PING_SECONDS="1", CONNECTIONS_PER_USER="1000", CONNECTIONS_PER_ADDRESS="2000")
    hub.token = hub.sign_in()
    yield hub
    assert hub.stop() == 0


def test_a_flood_of_connections_leaves_the_others_served(patient):
    """A thousand sockets at once."""
    target = patient
    flood = Flood(target, 1000)
    flood.thread.start()
    flood.begun.wait()
    # While they connect, and while they stand.
    serves(target, target.token)
    assert flood.standing.wait(60)
    serves(target, target.token)
    wait_until(lambda: len(flood.codes) == 500 or flood.error, 60)
    flood.stopping.set()
    flood.thread.join(60)
    assert flood.error is None
    assert flood.codes == [3502] * 500
    assert len(flood.pongs) == 500 and min(flood.pongs) >= 1


def test_connections_that_are_reset_leave_nothing(target):
    for data in (b"", b"GET / HT", handshake(target.port), handshake(target.port) + frame(TEXT, b'{"id":1,"ping":{}}')[:5]):
        for _ in range(50):
            peer = Raw(target.port)
            peer.send(data)
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.socket.close()
    wait_until(lambda: target.call("GET", "/healthz")[0] == 200)
