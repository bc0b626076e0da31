"""WebSocket (RFC 6455) and HTTP by the byte, for clients that do what no library does."""

from __future__ import annotations

import base64
import os
import socket
import struct
import time

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
PATH = "/connection/websocket"
SECONDS = 20


def frame(opcode: int, payload: bytes = b"", fin: bool = True, rsv: int = 0, masked: bool = True, length: int | None = None,
          width: int | None = None) -> bytes:
    """One frame (section 5.2). `length` announces another one than there is, `width` 7, 16 or 64 forces the form of it."""
    size = len(payload) if length is None else length
    width = width or (7 if size < 126 else 16 if size < 65536 else 64)
    mark = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    head += {7: lambda: bytes([mark | size]), 16: lambda: struct.pack("!BH", mark | 126, size), 64: lambda: struct.pack("!BQ", mark | 127, size)}[width]()
    if not masked:
        return head + payload
    key = os.urandom(4)
    pad = (key * (len(payload) // 4 + 1))[: len(payload)]
    return head + key + (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(payload), "big")


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


def handshake(port: int, subprotocol: str | None = None, path: str = PATH, **headers: str | None) -> bytes:
    """A handshake (section 4.1). Headers by name with `_` for `-`; None leaves one out."""
    fields: dict[str, str | None] = {
        "Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Protocol": subprotocol,
    }
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    return (f"GET {path} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields.items() if v is not None) + "\r\n").encode()


class Ended(Exception):
    """The connection is gone."""


class Raw:
    """A TCP connection."""

    def __init__(self, port: int, seconds: float = SECONDS, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(seconds)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = port
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Ended from error

    def trickle(self, data: bytes) -> None:
        """Byte by byte, each in a packet of its own."""
        for index in range(len(data)):
            self.send(data[index:index + 1])

    def _more(self) -> None:
        try:
            piece = self.socket.recv(1 << 20)
        except ConnectionResetError as error:
            raise Ended from error
        if not piece:
            raise Ended
        self.buffer += piece

    def take(self, count: int) -> bytes:
        if len(self.buffer) < count:
            pieces = [self.buffer]
            missing = count - len(self.buffer)
            while missing > 0:
                self.buffer = b""
                self._more()
                pieces.append(self.buffer)
                missing -= len(self.buffer)
            self.buffer = b"".join(pieces)
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self._more()
        end = self.buffer.index(mark) + len(mark)
        return self.take(end)

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """Status, lower-case headers and body of one answer."""
        head = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        return int(head[0].split(" ")[1]), headers, self.take(int(headers.get("content-length", 0)))

    def rest(self) -> bytes:
        """Everything until the peer ends the connection."""
        try:
            while True:
                self._more()
        except Ended:
            return self.buffer

    def ended_after(self) -> float:
        """Seconds until the peer ends the connection."""
        began = time.monotonic()
        self.rest()
        return time.monotonic() - began


class RawSocket(Raw):
    """A WebSocket whose handshake is done."""

    def __init__(self, port: int, subprotocol: str | None = None, **more) -> None:
        super().__init__(port, **more)
        self.send(handshake(port, subprotocol))
        status, self.headers, _ = self.response()
        assert status == 101, status

    def frame(self) -> tuple[int, bool, bytes]:
        """Opcode, whether it is the last fragment, payload. A server masks nothing (section 5.1) and uses no reserved bit here."""
        first, second = self.take(2)
        assert not first & 0x70 and not second & 0x80, (first, second)
        size = second
        if second == 126:
            size, = struct.unpack("!H", self.take(2))
            assert size >= 126
        elif second == 127:
            size, = struct.unpack("!Q", self.take(8))
            assert size >= 65536
        assert first & 0x0F < 8 or (size <= 125 and first & 0x80)
        return first & 0x0F, bool(first & 0x80), self.take(size)

    def message(self) -> tuple[int, bytes]:
        """The next message or control frame; fragments are put together."""
        opcode, final, payload = self.frame()
        while not final:
            assert opcode in (TEXT, BINARY)
            following, final, piece = self.frame()
            assert following == CONT
            payload += piece
        return opcode, payload

    def closing(self) -> int | None:
        """The code of the close frame (1005: one without, 0: half a one), or None when the connection ends without one; messages before are skipped."""
        try:
            while True:
                opcode, payload = self.message()
                if opcode == CLOSE:
                    # Section 7.1.1: the server ends the connection when it has both.
                    try:
                        self.send(frame(CLOSE, payload[:2]))
                    except Ended:
                        pass
                    if not payload:
                        return 1005
                    if len(payload) == 1:
                        return 0
                    return struct.unpack("!H", payload[:2])[0]
        except Ended:
            return None
