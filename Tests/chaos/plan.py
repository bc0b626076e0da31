"""What will go wrong, from a seed alone.

Each decision has a generator of its own, named by what it is for. So the plan does not depend on who asks first, and the same seed gives
the same plan however the processes happen to be scheduled; when a fault strikes within its window is up to the machine.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass
from typing import Literal

Moment = Literal["time", "opening", "acknowledged", "closing", "storing", "finalizing", "accepted"]
Target = Literal["hub", "worker", "both"]

# Kills at these moments hit the steps whose order matters most; a kill by the clock would seldom meet them.
MOMENTS: tuple[Moment, ...] = ("opening", "acknowledged", "closing", "storing", "finalizing", "accepted")
FRAME_COUNTS = (10, 13, 16, 19)
# A real Bot API server gets well again before the hub gives up; more faults than this in a row would test the limit of attempts.
MOST_BOT_FAULTS = 3


@dataclass(frozen=True)
class PlannedClip:
    sensor: int
    way: Literal["stream", "upload"]
    frames: int
    moves: bool
    # After the beginning of the round, in seconds.
    after: float
    # Seconds between two access units, as a slow or a fast uplink would have it.
    pace: float


@dataclass(frozen=True)
class Kill:
    target: Target
    moment: Moment
    # For "time" when it happens; for the others when it happens at the latest.
    after: float
    # From the moment to the kill.
    delay: float
    down: float


@dataclass(frozen=True)
class PlannedRound:
    seconds: float
    clips: tuple[PlannedClip, ...]
    kills: tuple[Kill, ...]


@dataclass(frozen=True)
class LineFault:
    """What befalls one TCP connection, once `after_bytes` went in `direction`."""

    kind: Literal["none", "refuse", "cut", "orphan", "silent", "stall", "slow"]
    direction: Literal["up", "down"] = "up"
    after_bytes: int = 0
    seconds: float = 0
    # A reset instead of an orderly end.
    resets: bool = False


@dataclass(frozen=True)
class BotFault:
    kind: Literal["too_many", "server", "garbage", "garbage_after", "close_before", "close_after", "delay"]
    seconds: float = 0


class Plan:
    def __init__(self, seed: int, rounds: int, sensors: int, has_worker: bool) -> None:
        self.seed = seed
        self.rounds = rounds
        self.sensors = sensors
        self.has_worker = has_worker

    def _source(self, *name: object) -> random.Random:
        return random.Random("/".join(map(str, (self.seed, *name))))

    def round(self, number: int) -> PlannedRound:
        source = self._source("round", number)
        seconds = source.uniform(1.6, 2.6)
        clips = []
        for sensor in range(self.sensors):
            for _ in range(source.choice((0, 1, 1, 2, 3))):
                clips.append(PlannedClip(
                    sensor=sensor, way="stream" if source.random() < 0.7 else "upload", frames=source.choice(FRAME_COUNTS),
                    moves=source.random() < 0.85, after=source.uniform(0, seconds * 0.7), pace=source.choice((0, 0.005, 0.02, 0.05))))
        kills = []
        for _ in range(source.choice((0, 1, 1, 1, 1, 2))):
            moment: Moment = "time" if source.random() < 0.4 else source.choice(MOMENTS)
            kills.append(Kill(
                target=source.choice(("hub", "hub", "worker", "worker", "both")) if self.has_worker else "hub", moment=moment,
                after=source.uniform(0.1, seconds * 0.8), delay=0 if moment == "accepted" else source.choice((0, 0, 0.002, 0.01, 0.03)),
                down=source.choice((0, 0, 0.05, 0.3, 0.8))))
        return PlannedRound(seconds, tuple(clips), tuple(kills))

    def line(self, sensor: int, number: int, connection: int) -> LineFault:
        """For the sensor's connections of a round, in their order."""
        source = self._source("line", sensor, number, connection)
        if source.random() < 0.4:
            return LineFault("none")
        kind = source.choice(("refuse", "cut", "cut", "cut", "orphan", "orphan", "silent", "stall", "slow"))
        direction = source.choice(("up", "down"))
        # As many digits are as likely as few: the handshake must be hit as well as the last bytes of a clip.
        after = int(math.exp(source.uniform(0, math.log(30_000 if direction == "up" else 5000))))
        seconds = source.uniform(0.002, 0.05) if kind == "slow" else source.uniform(0.05, 1.2)
        return LineFault(kind, direction, after, seconds, source.random() < 0.5)

    def pause(self, sensor: int, number: int, connection: int) -> float:
        """How long a sensor waits before it connects again; none at all is the hardest for the hub."""
        return self._source("pause", sensor, number, connection).choice((0, 0, 0.02, 0.1, 0.4))

    def disk(self, start: int) -> int:
        """Milliseconds that a clip takes to reach the disk, for the n-th start of the hub."""
        return self._source("disk", start).choice((0, 10, 50, 150))

    def bot(self, sensor: int, alert: int) -> tuple[BotFault, ...]:
        """What befalls the first calls for the sensor's alerts, in the order in which these come to the bot first."""
        source = self._source("bot", sensor, alert)
        count = source.choice((0, 0, 0, 1, 1, 2, MOST_BOT_FAULTS))
        kinds = ("too_many", "server", "garbage", "garbage_after", "close_before", "close_after", "delay")
        return tuple(BotFault(source.choice(kinds), source.uniform(0.1, 1.2)) for _ in range(count))

    @property
    def digest(self) -> str:
        """Tells two plans apart."""
        parts = [repr((self.round(number), self.disk(number))) for number in range(1, self.rounds + 1)]
        for sensor in range(self.sensors):
            parts += [repr((self.line(sensor, number, 0), self.line(sensor, number, 1), self.pause(sensor, number, 0), self.bot(sensor, number)))
                      for number in range(1, self.rounds + 1)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
