"""The network between a sensor and the hub: loopback TCP that breaks as planned."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import socket
import struct
from collections.abc import Callable

from plan import LineFault

_CLEAN = LineFault("none")
_PIECE = 2048


class _Cut(Exception):
    """The fault strikes; `rest` was taken from the sender and did not arrive."""

    def __init__(self, direction: str, rest: bytes) -> None:
        super().__init__()
        self.direction = direction
        self.rest = rest


class Line:
    """Listens on a port of its own, which stays the same, and passes everything on to the hub."""

    def __init__(self, next_fault: Callable[[], LineFault]) -> None:
        self._next_fault = next_fault
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0
        self.hub_port = 0
        # From now on nothing breaks.
        self.is_peaceful = True
        self.faults: collections.Counter[str] = collections.Counter()

    async def start(self, hub_port: int) -> None:
        self.hub_port = hub_port
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            # Only `stop` cancels it, and asyncio's servers would report that as a mistake.
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = _CLEAN if self.is_peaceful else self._next_fault()
        if fault.kind == "refuse":
            return self._count(fault)
        try:
            hub_reader, hub_writer = await asyncio.open_connection("127.0.0.1", self.hub_port)
        except OSError:
            return
        pumps = [
            asyncio.create_task(self._pump(reader, hub_writer, fault, "up")),
            asyncio.create_task(self._pump(hub_reader, writer, fault, "down")),
        ]
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
            cut = next((task.exception() for task in done if isinstance(task.exception(), _Cut)), None)
            if isinstance(cut, _Cut):
                await _stop(pumps)
                self._count(fault)
                await self._break(fault, cut, writer, hub_writer)
        finally:
            await _stop(pumps)
            hub_writer.transport.abort()

    async def _break(self, fault: LineFault, cut: _Cut, writer: asyncio.StreamWriter, hub_writer: asyncio.StreamWriter) -> None:
        if fault.kind == "cut":
            _end(writer, fault.resets)
            _end(hub_writer, fault.resets)
        elif fault.kind == "orphan":
            # The sensor is gone and may be back already, when what it sent last comes to the hub.
            _end(writer, fault.resets)
            await asyncio.sleep(fault.seconds)
            if cut.direction == "up" and cut.rest:
                hub_writer.write(cut.rest)
                await hub_writer.drain()
            _end(hub_writer, resets=False)
        elif fault.kind == "silent":
            # The hub sees a break, the sensor waits for answers that never come.
            _end(hub_writer, fault.resets)
            await asyncio.sleep(fault.seconds)
            _end(writer, fault.resets)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: LineFault, direction: str) -> None:
        passed = 0
        has_stalled = False
        while data := await reader.read(_PIECE):
            if direction == fault.direction and not self.is_peaceful:
                left = fault.after_bytes - passed
                if fault.kind in ("cut", "orphan", "silent") and len(data) > left:
                    writer.write(data[:left])
                    await writer.drain()
                    raise _Cut(direction, data[left:])
                if fault.kind == "stall" and len(data) > left and not has_stalled:
                    has_stalled = True
                    self._count(fault)
                    await asyncio.sleep(fault.seconds)
                elif fault.kind == "slow":
                    if passed == 0:
                        self._count(fault)
                    await asyncio.sleep(fault.seconds)
            passed += len(data)
            writer.write(data)
            await writer.drain()
        # The end of one direction ends the other, as nobody here half-closes.
        writer.close()

    def _count(self, fault: LineFault) -> None:
        self.faults[fault.kind] += 1


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _end(writer: asyncio.StreamWriter, resets: bool) -> None:
    if resets:
        peer = writer.get_extra_info("socket")
        if peer is not None:
            # A linger time of nothing makes the end a reset.
            with contextlib.suppress(OSError):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()
