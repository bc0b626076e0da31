"""Phones: they keep a clip until the hub has it for sure, and try again after every break."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import paths  # noqa: F401

from judge import SentClip
from material import CODEC, HEIGHT, RATE, WIDTH, Material
from plan import LineFault, Plan, PlannedClip
from processes import Moments
from proxy import Line
from sensor import RpcError
from system import Hub
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

# So many clips are sent at once over one connection, as by the phone's page.
SENT_AT_ONCE = 2
# Longer than any stall of the line.
PATIENCE = 5.0
BREAKS = (OSError, TimeoutError, WebSocketException)
HTTP_BREAKS = (OSError, http.client.HTTPException, ValueError)
ALREADY = re.compile(r"this event (is|already exists and is) (uploaded|queued|processing|done)")


@dataclass
class Held(SentClip):
    """A clip in a phone's memory."""

    session: str = ""
    # Milliseconds since 1970, for a streamed one.
    triggered_at: int = 0
    moves: bool = True
    pace: float = 0

    @property
    def is_over(self) -> bool:
        return self.durable or self.refused is not None


class Socket:
    """One connection of the socket protocol: Peer of the integration tests, for many requests at the same time."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict]] = {}
        self._reader: asyncio.Task[None] | None = None
        # By stream.
        self.listeners: dict[int, Callable[[dict], None]] = {}

    @classmethod
    async def open(cls, port: int, token: str, device: str) -> "Socket":
        connection = await connect(
            f"ws://127.0.0.1:{port}/connection/websocket", subprotocols=["pingwatch.v1"], compression=None, ping_interval=None,
            open_timeout=PATIENCE, close_timeout=0.2, proxy=None)
        peer = cls(connection)
        peer._reader = asyncio.create_task(peer._read())
        try:
            await peer._ask({"connect": {"token": token, "data": {"kind": "sensor", "device_id": device}}})
        except BaseException:
            await peer.close()
            raise
        return peer

    async def rpc(self, method: str, data: dict) -> dict:
        reply = await self._ask({"rpc": {"method": method, "data": data}})
        if "error" in reply:
            raise RpcError(reply["error"])
        return reply["rpc"]["data"]

    async def send(self, message: bytes) -> None:
        await self._connection.send(message)

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
        await self._connection.close()

    async def _ask(self, command: dict) -> dict:
        number = next(self._numbers)
        answer: asyncio.Future[dict] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._connection.send(json.dumps({"id": number, **command}))
            return await asyncio.wait_for(answer, PATIENCE)
        finally:
            self._answers.pop(number, None)
            if answer.done() and not answer.cancelled():
                # Where sending failed nobody asks for it, which Python would remark on.
                answer.exception()

    async def _read(self) -> None:
        try:
            async for data in self._connection:
                if isinstance(data, bytes):
                    continue
                for line in data.splitlines():
                    message = json.loads(line)
                    if not message:
                        await self._connection.send("{}")
                    elif answer := self._answers.get(message.get("id", 0)):
                        if not answer.done():
                            answer.set_result(message)
                    else:
                        pushed = message.get("push", {}).get("message", {}).get("data", {})
                        if listener := self.listeners.get(pushed.get("stream")):
                            listener(pushed)
            raise ConnectionResetError("the hub closed")
        except BREAKS as error:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionResetError(str(error)))


@dataclass
class Sensor:
    index: int
    label: str
    account: str
    token: str
    device: str
    session: str
    # Where its alerts go, if it is linked.
    chat: str | None
    plan: Plan
    material: Material
    moments: Moments
    # Milliseconds since 1970 of its first trigger.
    epoch: int
    round: int = 0
    breaks: int = 0
    clips: list[Held] = field(default_factory=list)
    _connections: int = 0
    _pauses: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _uploads: asyncio.Queue[Held] = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self.line = Line(self._next_fault)

    def begin_round(self, number: int) -> None:
        self.round = number
        self._connections = self._pauses = 0

    def _next_fault(self) -> LineFault:
        self._connections += 1
        return self.plan.line(self.index, self.round, self._connections - 1)

    def record(self, planned: PlannedClip) -> None:
        """Something happens before the camera."""
        # A second apart, since alerts tell no more of the time than that.
        streamed = sum(clip.way == "stream" for clip in self.clips)
        clip = Held(
            event=str(uuid.uuid4()), account=self.account, label=self.label, chat=self.chat, way=planned.way, frames=planned.frames,
            session=self.session, triggered_at=self.epoch + 1000 * streamed, moves=planned.moves, pace=planned.pace)
        self.clips.append(clip)
        if planned.way == "stream":
            self._news.set()
        else:
            self._uploads.put_nowait(clip)

    @property
    def unfinished(self) -> int:
        return sum(not clip.is_over for clip in self.clips)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stream_all())
            group.create_task(self._upload_all())

    async def _pause(self) -> None:
        self.breaks += 1
        self._pauses += 1
        # In peace too: a phone does not hammer a hub that is just starting.
        await asyncio.sleep(max(self.plan.pause(self.index, self.round, self._pauses), 0.2 if self.line.is_peaceful else 0))

    # Streams

    def _waiting(self) -> list[Held]:
        return [clip for clip in self.clips if clip.way == "stream" and not clip.is_over]

    async def _stream_all(self) -> None:
        while True:
            if not self._waiting():
                self._news.clear()
                await self._news.wait()
            try:
                peer = await Socket.open(self.line.port, self.token, self.device)
            except BREAKS:
                await self._pause()
                continue
            try:
                while waiting := self._waiting()[:SENT_AT_ONCE]:
                    results = await asyncio.gather(*(self._stream(peer, clip) for clip in waiting), return_exceptions=True)
                    for result in results:
                        if isinstance(result, BaseException):
                            raise result
            except BREAKS:
                await self._pause()
            finally:
                with contextlib.suppress(*BREAKS):
                    await peer.close()

    async def _stream(self, peer: Socket, clip: Held) -> None:
        total = clip.frames + 1
        try:
            self.moments.reach("opening")
            opened = await peer.rpc("clip.open", {
                "event_id": clip.event, "session_id": clip.session, "trigger": {"type": "motion", "at": clip.triggered_at, "score": 0.1},
                "tracks": [{"track": 0, "kind": "video", "codec": CODEC, "width": WIDTH, "height": HEIGHT}], "pre_roll_ms": 200,
            })
            clip.opens += 1
            stream, start = opened["stream"], opened["next"]
            if start < clip.acknowledged:
                clip.complaints.append(f"frames below {clip.acknowledged} were acknowledged, then {start} was asked for")
            if start > total:
                clip.complaints.append(f"frame {start} was asked for of {total}")
                start = total
            failure: list[str] = []

            def listen(message: dict) -> None:
                if message.get("type") == "clip.ack":
                    clip.acknowledged = max(clip.acknowledged, message["next"])
                    self.moments.reach("acknowledged")
                elif message.get("type") == "clip.error":
                    failure.append(f"{message.get('code')}: {message.get('message')}")

            peer.listeners[stream] = listen
            # All of a clip is far less than the window, so that there is no need to wait for acknowledgements.
            for sequence in range(start, total):
                if failure:
                    break
                await peer.send(self.material.message(clip.moves, stream, sequence))
                if clip.pace:
                    # The pace of the camera or of the uplink.
                    await asyncio.sleep(clip.pace)
            if not failure:
                closing = asyncio.ensure_future(
                    peer.rpc("clip.close", {"stream": stream, "frames": total, "duration_ms": clip.frames * 1000 // RATE}))
                # The command leaves before the kill can strike.
                await asyncio.sleep(0)
                self.moments.reach("closing")
                answer = await closing
                if answer["status"] == "durable":
                    clip.durable = True
                else:
                    clip.complaints.append(f"clip.close was answered {answer['status']}")
            if failure:
                clip.refused = failure[0]
        except RpcError as error:
            self._refused(clip, error)
            if not clip.is_over:
                # Temporary; the phone waits a little as well.
                await asyncio.sleep(0.3)

    def _refused(self, clip: Held, error: RpcError) -> None:
        if error.code == 409 and ALREADY.search(str(error)):
            # The answer was lost.
            clip.durable = True
        elif error.code in (100, 108, 507) or "open already on this connection" in str(error):
            clip.put_off += 1
        else:
            clip.refused = f"{error.code}: {error}"

    # Whole clips

    async def _upload_all(self) -> None:
        while True:
            clip = await self._uploads.get()
            await self._upload(clip)
            # The hub takes its own time as the trigger's: the next one must be of another second.
            second = int(time.time())
            while int(time.time()) == second:
                await asyncio.sleep(0.05)

    async def _upload(self, clip: Held) -> None:
        data = self.material.files[clip.moves, clip.frames]
        declaration = {
            "session_id": clip.session, "device_id": self.device, "trigger_type": "motion", "duration_seconds": clip.frames / RATE,
            "clip_mime": "video/mp4", "clip_size_bytes": len(data), "event_id": clip.event,
        }
        while not clip.is_over:
            try:
                self.moments.reach("opening")
                status, answer = await self._call("POST", "/events/upload/initiate", declaration)
                if status == 200:
                    clip.opens += 1
                    status, answer = await self._put(clip, data)
                if status == 200:
                    status, answer = await self._finalize(clip)
                if status == 200:
                    clip.durable = True
                elif status == 409 and ALREADY.search(json.dumps(answer)):
                    clip.durable = True
                elif status >= 500:
                    clip.put_off += 1
                    await self._pause()
                else:
                    clip.refused = f"{status}: {answer}"
            except HTTP_BREAKS:
                await self._pause()

    async def _put(self, clip: Held, data: bytes) -> tuple[int, dict]:
        storing = asyncio.ensure_future(self._call("PUT", f"/events/{clip.event}/upload", raw=data))
        await asyncio.sleep(0)
        self.moments.reach("storing")
        status, answer = await storing
        if status == 200:
            clip.stored = True
        return status, answer

    async def _finalize(self, clip: Held) -> tuple[int, dict]:
        finalizing = asyncio.ensure_future(self._call("POST", f"/events/{clip.event}/upload/finalize"))
        await asyncio.sleep(0)
        self.moments.reach("finalizing")
        status, answer = await finalizing
        if status == 409 and clip.stored and "not_uploaded" in json.dumps(answer):
            clip.complaints.append("the bytes were stored, then they were missing")
        return status, answer

    async def _call(self, method: str, path: str, body: object = None, raw: bytes | None = None) -> tuple[int, dict]:
        hub = Hub(Path())
        hub.port = self.line.port
        status, answer, _ = await asyncio.to_thread(hub.call, method, path, body, self.token, raw)
        if not isinstance(answer, dict):
            # Python's client takes a head that breaks off for a whole one.
            raise ConnectionError("the answer is torn")
        return status, answer
