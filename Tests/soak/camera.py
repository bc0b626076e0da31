"""A camera: live pictures while somebody watches, clips, and news of itself."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
import uuid
from dataclasses import dataclass

from account import Account
from material import CODEC, FRAME_COUNTS, HEIGHT, RATE, WIDTH, Material
from sensor import CONFIG, KEY, LIVE, frame
from wire import Connection, Lost, Refused

# Live pictures: so many a second, of so many bytes, a keyframe every second.
LIVE_RATE, LIVE_BYTES = 8, 32 << 10
TELEMETRY_SECONDS = 5.0
LIVE_CONFIGURATION = json.dumps({"codec": CODEC, "width": WIDTH, "height": HEIGHT}).encode()
PICTURE = os.urandom(LIVE_BYTES)


@dataclass
class Clip:
    event: str
    frames: int
    moves: bool
    # Of its trigger, in milliseconds since 1970.
    at: int
    is_durable: bool = False


class Camera:
    def __init__(self, account: Account, material: Material, random: random.Random, clip_seconds: float) -> None:
        self._account = account
        self._material = material
        self._random = random
        self._clip_seconds = clip_seconds
        self.clips: list[Clip] = []
        # No clip is begun any more.
        self.is_finishing = False
        self.is_up = asyncio.Event()
        self._stream: asyncio.Task[None] | None = None
        self._wants_keyframe = False

    @property
    def unfinished(self) -> list[Clip]:
        return [clip for clip in self.clips if not clip.is_durable]

    async def run(self) -> None:
        """Until cancelled. Its connection breaks now and then."""
        report = self._account.report
        while True:
            early: list[dict] = []
            try:
                connection = await Connection.open(
                    self._account.hub.port, self._account.token, device=self._account.device, on_push=early.append)
            except (OSError, TimeoutError, Lost, Refused) as error:
                report.problems[f"a camera could not connect: {type(error).__name__} {error}"] += 1
                await asyncio.sleep(self._random.uniform(0, 1))
                continue
            connection.on_push = lambda push: self._hear(connection, push)
            for push in early:
                self._hear(connection, push)
            self.is_up.set()
            tasks = [asyncio.create_task(work(connection)) for work in (self._report_itself, self._record, self._break, _gone)]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if tasks[2] in done:
                    report.counts["cameras cut off"] += 1
                elif connection.gone.is_set():
                    report.problems[f"a camera's connection was ended by the hub, code {connection.code}"] += 1
            finally:
                self.is_up.clear()
                connection.reset()
                self._stop_streaming()
                for task in tasks:
                    task.cancel()
                results = await asyncio.gather(*tasks, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception) and not isinstance(result, (Lost, OSError)):
                    report.problems[f"a camera failed: {type(result).__name__} {result}"] += 1
            await asyncio.sleep(self._random.uniform(0, 1))

    async def _break(self, _: Connection) -> None:
        await asyncio.sleep(self._random.uniform(20, 90))

    async def _report_itself(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(TELEMETRY_SECONDS * self._random.uniform(0.8, 1.2))
            await connection.rpc("device.telemetry", {"telemetry": {"battery": self._random.random()}})

    # Live

    def _hear(self, connection: Connection, push: dict) -> None:
        data = push.get("pub", {}).get("data") or push.get("message", {}).get("data") or {}
        match data.get("type"):
            case "live.start":
                self._stop_streaming()
                self._stream = asyncio.create_task(self._send_pictures(connection, data["stream"]))
            case "live.stop":
                self._stop_streaming()
            case "live.keyframe":
                self._wants_keyframe = True
            case "clip.error":
                self._account.report.problems[f"clip.error {data.get('code')}: {data.get('message')}"] += 1

    def _stop_streaming(self) -> None:
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None

    async def _send_pictures(self, connection: Connection, stream: int) -> None:
        self._account.report.counts["live streams"] += 1
        try:
            connection.send(frame(LIVE, stream, 0, LIVE_CONFIGURATION, CONFIG))
            sequence = 0
            while True:
                is_key = sequence % LIVE_RATE == 0 or self._wants_keyframe
                self._wants_keyframe = False
                sequence += 1
                connection.send(frame(LIVE, stream, sequence, PICTURE, KEY if is_key else 0, timestamp=sequence * 1_000_000 // LIVE_RATE))
                await asyncio.sleep(1 / LIVE_RATE)
        except Lost:
            return

    # Clips

    async def _record(self, connection: Connection) -> None:
        """Clips that a break has left are sent first, from where the hub wants them."""
        while True:
            for clip in self.unfinished:
                await self._send(connection, clip)
            await asyncio.sleep(0.2 if self.is_finishing else self._clip_seconds * self._random.uniform(0.5, 1.5))
            if not self.is_finishing:
                self.clips.append(Clip(str(uuid.uuid4()), self._random.choice(FRAME_COUNTS), self._random.random() < 0.7, int(time.time() * 1000)))

    async def _send(self, connection: Connection, clip: Clip) -> None:
        total = clip.frames + 1
        try:
            opened = await connection.rpc("clip.open", {
                "event_id": clip.event, "session_id": self._account.session, "pre_roll_ms": 200, "trigger": {"type": "motion", "at": clip.at, "score": 0.1},
                "tracks": [{"track": 0, "kind": "video", "codec": CODEC, "width": WIDTH, "height": HEIGHT}],
            })
            for sequence in range(opened["next"], total):
                connection.send(self._material.message(clip.moves, opened["stream"], sequence))
                await asyncio.sleep(0.02)
            answer = await connection.rpc(
                "clip.close", {"stream": opened["stream"], "frames": total, "duration_ms": clip.frames * 1000 // RATE})
            clip.is_durable = answer["status"] == "durable"
        except Refused as error:
            # The answer was lost with the line.
            clip.is_durable = error.code == 409
            if not clip.is_durable:
                self._account.report.problems[f"a clip was refused: {error}"] += 1
                await asyncio.sleep(1)


async def _gone(connection: Connection) -> None:
    await connection.gone.wait()
