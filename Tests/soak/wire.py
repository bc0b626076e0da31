"""A client of the socket protocol of which thousands fit into one process."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import struct
from collections.abc import Callable

PATIENCE = 20.0
# RFC 6455, section 1.3: its answer is known.
_KEY, _ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The hub has answered with an error."""

    def __init__(self, error: dict) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]


class Lost(Exception):
    """The connection is gone."""


def _ignore(_: object) -> None:
    pass


class Connection(asyncio.Protocol):
    """One connection. What is not an answer goes to `on_push` and `on_frame`."""

    def __init__(self, on_push: Callable[[dict], None], on_frame: Callable[[bytes], None]) -> None:
        self.on_push = on_push
        self.on_frame = on_frame
        # The close code of the hub; 1006 when it just ended.
        self.code = 1006
        # Once nothing more can come.
        self.gone = asyncio.Event()
        self.hello: dict = {}
        self._transport: asyncio.Transport | None = None
        self._bytes = bytearray()
        self._is_open = False
        self._upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict]] = {}

    @classmethod
    async def open(
        cls, port: int, token: str, device: str | None = None, subs: dict | None = None, on_push: Callable[[dict], None] = _ignore,
        on_frame: Callable[[bytes], None] = _ignore, receive_buffer: int | None = None,
    ) -> "Connection":
        """Connected, with the hub's answer in `hello`. Raises Lost, Refused, OSError or TimeoutError."""
        line = socket.socket()
        line.setblocking(False)
        if receive_buffer is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        loop = asyncio.get_running_loop()
        connection = cls(on_push, on_frame)
        try:
            async with asyncio.timeout(PATIENCE):
                await loop.sock_connect(line, ("127.0.0.1", port))
                await loop.create_connection(lambda: connection, sock=line)
                connection._write(
                    f"GET /connection/websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Protocol: pingwatch.v1\r\n\r\n".encode())
                await connection._upgraded
                data = {"kind": "sensor", "device_id": device} if device else {"kind": "viewer"}
                connection.hello = (await connection.ask({"connect": {"token": token, "data": data, "subs": subs or {}}}))["connect"]
        except BaseException:
            connection.reset()
            line.close()
            raise
        return connection

    # What one does with it

    async def ask(self, command: dict) -> dict:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            self._send(_TEXT, json.dumps({"id": number, **command}).encode())
            async with asyncio.timeout(PATIENCE):
                reply = await answer
        finally:
            self._answers.pop(number, None)
        if "error" in reply:
            raise Refused(reply["error"])
        return reply

    async def rpc(self, method: str, data: dict | None = None) -> dict:
        return (await self.ask({"rpc": {"method": method, "data": data or {}}}))["rpc"]["data"]

    def send(self, message: bytes) -> None:
        self._send(_BINARY, message)

    def stall(self) -> None:
        """Reads nothing from now on."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and not self.gone.is_set():
            self._transport.resume_reading()

    def reset(self) -> None:
        """Ends it as a network does that breaks."""
        if self._transport is not None and not self.gone.is_set():
            line = self._transport.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    async def close(self) -> None:
        """In good order."""
        if self.gone.is_set():
            return
        self._send(_CLOSE, struct.pack(">H", 1000))
        try:
            async with asyncio.timeout(PATIENCE):
                await self.gone.wait()
        except TimeoutError:
            self.reset()

    # What comes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        lost = Lost(f"{self.code}")
        for waiting in [self._upgraded, *self._answers.values()]:
            if not waiting.done():
                waiting.set_exception(lost)
                # Whoever has given up waiting needs no reminder.
                waiting.exception()
        self.gone.set()

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        if not self._is_open:
            end = self._bytes.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in self._bytes[:end] or _ACCEPT not in self._bytes[:end]:
                self.reset()
                return
            del self._bytes[:end + 4]
            self._is_open = True
            if not self._upgraded.done():
                self._upgraded.set_result(None)
        at, size = 0, len(self._bytes)
        while size - at >= 2:
            length, head = self._bytes[at + 1], 2
            if length == 126:
                head = 4
            elif length == 127:
                head = 10
            if size - at < head:
                break
            if head > 2:
                length = int.from_bytes(self._bytes[at + 2:at + head])
            if size - at < head + length:
                break
            self._take(self._bytes[at] & 15, bytes(self._bytes[at + head:at + head + length]))
            at += head + length
        del self._bytes[:at]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _BINARY:
            self.on_frame(payload)
        elif opcode == _TEXT:
            for line in payload.splitlines():
                message = json.loads(line)
                if not message:
                    self._send(_TEXT, b"{}")
                elif "push" in message:
                    self.on_push(message["push"])
                elif (answer := self._answers.get(message.get("id"))) and not answer.done():
                    answer.set_result(message)
        elif opcode == _PING:
            self._send(_PONG, payload)
        elif opcode == _CLOSE:
            self.code = int.from_bytes(payload[:2]) if payload else 1005
            self._send(_CLOSE, payload[:2])
            if self._transport is not None:
                self._transport.close()

    def _send(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = bytes((0x80 | opcode, 0x80 | length))
        elif length < 65_536:
            head = struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, length)
        # Masked with zeros, which leave the payload as it is.
        self._write(head + bytes(4) + payload)

    def _write(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            raise Lost(f"{self.code}")
        self._transport.write(data)
