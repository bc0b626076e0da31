"""The processes under test, which are killed and started again, and the moments at which that happens."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import paths

from plan import Kill


class Process:
    """`pingwatch serve` or `pingwatch worker`; its log goes on in the same file over all starts."""

    def __init__(self, command: str, environment: dict[str, str], log: Path, vary: Callable[[int], dict[str, str]]) -> None:
        self.command = command
        # More of the environment, for the n-th start.
        self.vary = vary
        self.log = log
        self.environment = {key: os.environ[key] for key in ("PATH", "HOME", "LD_LIBRARY_PATH") if key in os.environ} | environment
        # Of the hub: taken at the first start, kept from then on.
        self.port = 0
        self.starts = 0
        # By time.monotonic().
        self.kills: list[float] = []
        # Exit statuses of ends that nobody brought about.
        self.crashes: list[int] = []
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._is_killed = False

    def launch(self) -> None:
        binary = os.environ.get("PINGWATCH", str(paths.ROOT / ".build/release/pingwatch"))
        arguments = [binary, self.command]
        if self.command == "serve":
            arguments += ["--port", str(self.port)]
        with self.log.open("ab") as log, self._lock:
            self._is_killed = False
            self.starts += 1
            self._process = subprocess.Popen(
                arguments, cwd=paths.ROOT, env=self.environment | self.vary(self.starts), stdin=subprocess.DEVNULL, stderr=log, text=True,
                stdout=subprocess.PIPE if self.command == "serve" else log)

    async def ready(self) -> bool:
        """Waits until the hub listens. `False` when it ended instead."""
        process = self._process
        assert process is not None
        if process.stdout is None:
            return True
        line = await asyncio.to_thread(process.stdout.readline)
        match = re.search(r"listens on http://[^:]+:(\d+)", line)
        if match:
            self.port = int(match[1])
        return match is not None

    def kill(self) -> None:
        """At once, without a chance to tidy up. From any thread."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._is_killed = True
                self._process.kill()
                self.kills.append(time.monotonic())

    async def ended(self) -> int:
        process = self._process
        assert process is not None
        status = await asyncio.to_thread(process.wait)
        if process.stdout is not None:
            process.stdout.close()
        if not self._is_killed:
            self.crashes.append(status)
        return status

    async def ends_within(self, seconds: float) -> int | None:
        """The status with which it ends by itself; `None` when it goes on."""
        assert self._process is not None
        try:
            return await asyncio.to_thread(self._process.wait, seconds)
        except subprocess.TimeoutExpired:
            return None

    async def stop(self) -> int | None:
        """Orderly, as a service manager would. `None` when it does not end."""
        process = self._process
        if process is None or process.poll() is not None:
            return 0
        self._is_killed = True
        process.terminate()
        try:
            return await asyncio.to_thread(process.wait, 20)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)
            return None


class Moments:
    """Lets a kill wait for a moment that a sensor or the bot comes to. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: tuple[Kill, Callable[[], None]] | None = None

    def arm(self, kill: Kill, perform: Callable[[], None]) -> None:
        with self._lock:
            self._armed = (kill, perform)

    def disarm(self) -> bool:
        """`False` when the kill is done or under way."""
        with self._lock:
            was_armed = self._armed is not None
            self._armed = None
            return was_armed

    def reach(self, moment: str) -> None:
        """The kill that waits for this moment happens: before this returns, unless it has a delay."""
        with self._lock:
            if self._armed is None or self._armed[0].moment != moment:
                return
            kill, perform = self._armed
            self._armed = None
        if kill.delay:
            timer = threading.Timer(kill.delay, perform)
            timer.daemon = True
            timer.start()
        else:
            perform()
