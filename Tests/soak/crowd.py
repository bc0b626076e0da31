"""Pages that are open all the time: they hear everything of their account, and come back after every break."""

from __future__ import annotations

import asyncio
import random
import time

from account import Account
from wire import Connection, Lost, Refused

# A page that was not let in waits for so long, at most.
PAUSE = 2.0


class Member:
    """One page. It keeps its position, and notices what is missing or comes twice."""

    def __init__(self, account: Account, random: random.Random) -> None:
        self._account = account
        self._random = random
        self._connection: Connection | None = None
        self._epoch = ""
        self._offset = -1
        self.is_up = asyncio.Event()
        # Whether the break is our doing.
        self._is_reset = False

    async def run(self) -> None:
        """Until cancelled."""
        report = self._account.report
        try:
            while True:
                try:
                    # What comes right behind the answer must not be looked at before the answer.
                    early: list[dict] = []
                    connection = await Connection.open(self._account.hub.port, self._account.token, subs=self._position(), on_push=early.append)
                except (OSError, TimeoutError, Lost, Refused) as error:
                    report.problems[f"a page could not connect: {type(error).__name__} {error}"] += 1
                    await asyncio.sleep(self._random.uniform(0, PAUSE))
                    continue
                self._connection = connection
                self._welcome(connection.hello["subs"][self._account.channel])
                connection.on_push = self._hear
                for push in early:
                    self._hear(push)
                self.is_up.set()
                await connection.gone.wait()
                self.is_up.clear()
                if self._is_reset:
                    self._is_reset = False
                else:
                    report.problems[f"a page's connection was ended by the hub, code {connection.code}"] += 1
                # Full jitter: not all at the same instant.
                await asyncio.sleep(self._random.uniform(0, 1))
        finally:
            if self._connection is not None:
                self._connection.reset()

    def reset(self) -> None:
        if self._connection is not None and self.is_up.is_set():
            self._is_reset = True
            self.is_up.clear()
            self._connection.reset()

    def _position(self) -> dict:
        if self._offset < 0:
            return {}
        return {self._account.channel: {"recover": True, "epoch": self._epoch, "offset": self._offset}}

    def _welcome(self, subscription: dict) -> None:
        report = self._account.report
        if self._offset < 0:
            self._epoch, self._offset = subscription["epoch"], subscription["offset"]
        elif subscription.get("recovered"):
            report.counts["recoveries"] += 1
            for publication in subscription["publications"]:
                self._take(publication["offset"])
            if self._offset != subscription["offset"]:
                report.problems["a recovery did not lead to the newest position"] += 1
        else:
            report.problems["a page that was away for a moment could not recover"] += 1
            self._epoch, self._offset = subscription["epoch"], subscription["offset"]

    def _hear(self, push: dict) -> None:
        if push.get("channel") == self._account.channel:
            self._account.report.counts["publications"] += 1
            self._take(push["pub"]["offset"])

    def _take(self, offset: int) -> None:
        if offset != self._offset + 1:
            self._account.report.problems["a publication was lost or doubled"] += 1
        self._offset = offset


async def storm(members: list[Member], report) -> None:
    """All are cut off, and come back within a second each."""
    began = time.monotonic()
    for member in members:
        member.reset()
    await asyncio.gather(*(member.is_up.wait() for member in members))
    report.storms.append(time.monotonic() - began)
