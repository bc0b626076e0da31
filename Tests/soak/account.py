"""One household: its tokens, its camera, and what went wrong in it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field

from system import Hub


@dataclass
class Report:
    """What happened, and what should not have."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    # Of the storms, in seconds: until the last was subscribed again.
    storms: list[float] = field(default_factory=list)


@dataclass
class Account:
    index: int
    hub: Hub
    token: str
    user: str
    device: str
    session: str
    chat: int
    report: Report

    @property
    def channel(self) -> str:
        return f"user:{self.user}"

    async def call(self, method: str, path: str, body: object = None, raw: bytes | None = None) -> object:
        status, answer, _ = await asyncio.to_thread(self.hub.call, method, path, body, self.token, raw)
        if status != 200:
            raise RuntimeError(f"{method} {path.split('?')[0]} was answered {status}: {json.dumps(answer) if not isinstance(answer, bytes) else answer!r}")
        return answer
