"""People who look at a camera for a moment, and some whose phone stops reading."""

from __future__ import annotations

import asyncio
import random
import struct
import time

from account import Account
from sensor import CONFIG, KEY
from wire import Connection, Lost, Refused

# Two pictures of a stream that runs are never further apart.
PICTURE_SECONDS = 15.0


class Screen:
    """What a viewer has of a stream. A picture after a gap must be a keyframe."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._last: int | None = None
        self._is_gap = False
        self.gaps = 0
        self.pictures = 0
        self.has_ended = False
        self.news = asyncio.Event()

    def push(self, push: dict) -> None:
        match push.get("message", {}).get("data", {}).get("type"):
            case "live.gap":
                self.gaps += 1
                self._is_gap = True
            case "live.ended":
                self.has_ended = True
                self.news.set()

    def frame(self, message: bytes) -> None:
        flags, sequence = message[1], struct.unpack_from(">I", message, 8)[0]
        problems = self._account.report.problems
        if flags & CONFIG:
            # A camera that comes back begins anew.
            self._last = None
            return
        if not flags & KEY:
            if self._last is None:
                problems["a viewer's first picture was no keyframe"] += 1
            elif self._is_gap:
                # PROTOCOL.md, "Messages".
                where = "came next" if sequence == self._last + 1 else "followed the gap"
                problems[f"after live.gap a picture {where} that was no keyframe"] += 1
            elif sequence != self._last + 1:
                problems["pictures were missing without live.gap"] += 1
        self._last, self._is_gap = sequence, False
        self.pictures += 1
        self.news.set()


async def watch(accounts: list[Account], random: random.Random) -> None:
    """Comes and goes until cancelled."""
    while True:
        account = random.choice(accounts)
        await _look(account, random, random.uniform(1, 8), stall=0)
        await asyncio.sleep(random.uniform(0, 1))


async def stall(accounts: list[Account], random: random.Random, seconds: float) -> None:
    """Watches, stops reading for a while, and goes on, until cancelled."""
    while True:
        await _look(random.choice(accounts), random, 2, stall=random.uniform(0.6, 1) * seconds)
        await asyncio.sleep(random.uniform(0, 2))


async def _look(account: Account, random: random.Random, seconds: float, stall: float) -> None:
    report, screen = account.report, Screen(account)
    try:
        connection = await Connection.open(
            account.hub.port, account.token, on_push=screen.push, on_frame=screen.frame, receive_buffer=65_536 if stall else None)
    except (OSError, TimeoutError, Lost, Refused) as error:
        report.problems[f"a viewer could not connect: {type(error).__name__} {error}"] += 1
        return
    try:
        watched = await connection.rpc("live.watch", {"device_id": account.device})
        if not watched["online"]:
            report.counts["viewers of a camera that was away"] += 1
            return
        report.counts["viewers"] += 1
        await _pictures(screen, connection, seconds)
        if stall:
            connection.stall()
            await asyncio.sleep(stall)
            connection.resume()
            report.counts["stalls"] += 1
            await _pictures(screen, connection, seconds)
            report.counts["gaps"] += screen.gaps
        if random.random() < 0.5:
            await connection.rpc("live.unwatch", {"stream": watched["stream"]})
            await connection.close()
    except (Lost, Refused, TimeoutError) as error:
        report.problems[f"a viewer was not served: {type(error).__name__} {error}"] += 1
    finally:
        report.counts["pictures"] += screen.pictures
        connection.reset()


async def _pictures(screen: Screen, connection: Connection, seconds: float) -> None:
    """Raises TimeoutError where none comes for long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not screen.has_ended:
        if connection.gone.is_set():
            raise Lost(f"{connection.code}")
        screen.news.clear()
        async with asyncio.timeout(PICTURE_SECONDS):
            await screen.news.wait()
