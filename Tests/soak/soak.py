"""Lets a real hub work for hours, as a lively neighbourhood would, and says whether it has stayed the same.

    PINGWATCH=.build/release/pingwatch .venv/bin/python Tests/soak/soak.py --minutes 120

Status 0: memory and descriptors flat, nothing in the log, nothing lost. 1: not so; the folder with log and data is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent.parent
for name in ("e2e", "Tests/integration", "Tests/chaos"):
    sys.path.append(str(ROOT / name))

import botapi  # noqa: E402
from account import Account, Report  # noqa: E402
from camera import Camera, Clip  # noqa: E402
from crowd import Member, storm  # noqa: E402
from material import count_packets, make  # noqa: E402
from open_files import open_kinds  # noqa: E402
from system import Hub  # noqa: E402
from verdict import Sample, judge_levels, judge_log, settled, table  # noqa: E402
from watcher import stall, watch  # noqa: E402

ACCOUNTS = 20
# Clips that are fetched at the end and counted picture by picture.
CHECKED_CLIPS = 40
# For what is under way when the time is over.
SETTLING_SECONDS = 120


class Soak:
    def __init__(self, folder: Path, seconds: float, connections: int, seed: int) -> None:
        self.folder = folder
        self.seconds = seconds
        self.connections = connections
        self.random = random.Random(seed)
        self.report = Report()
        self.samples: list[Sample] = []
        self.bot = botapi.BotApi()
        self.hub = Hub(
            folder / "data", TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=self.bot.url, CONNECTIONS_PER_ADDRESS="20000",
            ACCEPTS_PER_SECOND="100000", CONNECTIONS_PER_USER="20000", LIVE_VIEWERS_PER_STREAM="20000", BACKLOG_LIMIT="100000")
        self.accounts: list[Account] = []
        self.cameras: list[Camera] = []
        self.members: list[Member] = []
        self.warm_up = min(seconds / 3, 900)

    async def everything(self) -> list[str]:
        """What is wrong."""
        (self.folder / "material").mkdir()
        material = await asyncio.to_thread(make, self.folder / "material")
        self.hub.start()
        try:
            await self._set_up()
            # Enough for every descriptor that is opened once and kept, such as those of the database.
            await asyncio.sleep(1)
            before = self._descriptors()
            self.cameras = [Camera(account, material, self._chance(), clip_seconds=ACCOUNTS) for account in self.accounts]
            self.members = [Member(self.accounts[index % ACCOUNTS], self._chance()) for index in range(self.connections)]
            cameras = [asyncio.create_task(camera.run()) for camera in self.cameras]
            people = await self._people()
            # However long the machine took to open all of them: what is measured is what comes then.
            began = time.monotonic()
            measuring = asyncio.create_task(self._measure(began))
            await self._until_over(began, [measuring, *cameras, *people])
            problems = await self._rest([measuring, *people], cameras, before)
        finally:
            status = self.hub.stop()
            self.bot.stop()
        if status != 0:
            problems.append(f"the hub did not stop in order: {status}")
        return problems + judge_log(self.hub.log)

    def _chance(self) -> random.Random:
        return random.Random(self.random.random())

    # Set-up

    async def _set_up(self) -> None:
        for index in range(ACCOUNTS):
            email = f"neighbour{index}@example.org"
            status, signed_in, _ = await asyncio.to_thread(self.hub.call, "POST", "/auth/dev/login", {"email": email})
            assert status == 200, signed_in
            account = Account(index, self.hub, signed_in["access_token"], signed_in["user_id"], "", "", 5000 + index, self.report)
            account.device = (await account.call("POST", "/devices/register", {"label": f"Camera {index}"}))["device_id"]
            account.session = (await account.call("POST", "/sessions/start", {"device_id": account.device}))["session_id"]
            started = await account.call("POST", "/notifications/telegram/link/start", {"device_id": account.device})
            self.bot.user_sends(account.chat, started["fallback_command"])
            self.accounts.append(account)
        await asyncio.to_thread(self.bot.wait_until, lambda: len(self.bot.messages) == ACCOUNTS, 60)

    async def _people(self) -> list[asyncio.Task[None]]:
        tasks = []
        began = time.monotonic()
        for member in self.members:
            tasks.append(asyncio.create_task(member.run()))
            await asyncio.sleep(min(10, self.seconds / 10) / len(self.members))
        await asyncio.gather(*(member.is_up.wait() for member in self.members))
        print(f"{len(self.members)} pages are open after {time.monotonic() - began:.1f} s", flush=True)
        tasks += [asyncio.create_task(watch(self.accounts, self._chance())) for _ in range(ACCOUNTS)]
        tasks += [asyncio.create_task(stall(self.accounts, self._chance(), min(20, self.seconds / 5))) for _ in range(3)]
        tasks.append(asyncio.create_task(self._storms()))
        tasks.append(asyncio.create_task(self._forget_media()))
        return tasks

    async def _storms(self) -> None:
        while True:
            await asyncio.sleep(min(60, self.seconds / 6) * self.random.uniform(0.7, 1.3))
            await storm(self.members, self.report)

    async def _forget_media(self) -> None:
        """The Bot API server keeps every file that it was sent, which is too much for hours."""
        done = 0
        while True:
            await asyncio.sleep(60)
            for message in self.bot.messages[done:-100]:
                done += 1
                message.files.clear()
                for edit in message.edits:
                    edit.content.files.clear()

    # Measuring

    def _descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.hub.process.pid}/fd"))

    async def _measure(self, began: float) -> None:
        while True:
            status = Path(f"/proc/{self.hub.process.pid}/status").read_text()
            resident = next(float(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))
            up = sum(member.is_up.is_set() for member in self.members)
            self.samples.append(Sample(time.monotonic() - began, resident, self._descriptors(), up))
            await asyncio.sleep(1)

    async def _until_over(self, began: float, tasks: list[asyncio.Task[None]]) -> None:
        """A task that ends has failed, for all go on for ever."""
        left = began + self.seconds - time.monotonic()
        done, _ = await asyncio.wait(tasks, timeout=max(0, left), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
            raise RuntimeError("a task ended before its time")

    # The end

    async def _rest(self, tasks: list[asyncio.Task[None]], cameras: list[asyncio.Task[None]], descriptors_before: int) -> list[str]:
        await end(tasks)
        for camera in self.cameras:
            camera.is_finishing = True
        deadline = time.monotonic() + SETTLING_SECONDS
        while any(camera.unfinished for camera in self.cameras) and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        await end(cameras)
        _, problems = judge_levels(self.samples, self.warm_up)
        problems += [f"{count} times: {what}" for what, count in self.report.problems.items()]
        problems += await self._judge_clips(deadline)
        while (left := self._descriptors()) > descriptors_before + 8:
            if time.monotonic() > deadline:
                kinds = ", ".join(f"{count} {kind}" for kind, count in open_kinds(self.hub.process.pid, {urlsplit(self.bot.url).port: 'the Bot API'}).most_common())
                problems.append(f"{left} descriptors are open when everybody has gone; there were {descriptors_before}: {kinds}")
                break
            await asyncio.sleep(0.2)
        return problems

    async def _judge_clips(self, deadline: float) -> list[str]:
        problems = []
        checked = 0
        for account, camera in zip(self.accounts, self.cameras):
            lost = len(camera.unfinished)
            if lost:
                problems.append(f"{lost} clips of camera {account.index} did not become durable")
            for clip in [clip for clip in camera.clips if clip.is_durable]:
                found = await self._settled(account, clip, deadline)
                if found is None:
                    problems.append(f"event {clip.event} did not come to its end")
                    continue
                if found["status"] != "done":
                    problems.append(f"event {clip.event} is {found['status']}")
                self.report.counts["clips"] += 1
                if clip in camera.clips[-CHECKED_CLIPS // ACCOUNTS:]:
                    checked += 1
                    data = (await asyncio.to_thread(self.hub.call, "GET", found["clip_url"]))[1]
                    pictures = await asyncio.to_thread(count_packets, data, self.folder / "checked") if isinstance(data, bytes) else 0
                    if pictures != clip.frames:
                        problems.append(f"the clip of event {clip.event} has {pictures} of {clip.frames} pictures")
        self.report.counts["clips counted picture by picture"] = checked
        if self.report.counts["clips"] == 0 or self.report.counts["alerts"] == 0:
            problems.append("there was no clip or no alert at all")
        return problems

    async def _settled(self, account: Account, clip: Clip, deadline: float) -> dict | None:
        """The event, once it is over and its alert, where one is due, has been sent."""
        while True:
            event = await account.call("GET", f"/events/{clip.event}")
            if event["status"] in ("failed", "dropped"):
                return event
            if event["status"] == "done":
                if not event["should_notify"]:
                    return event
                deliveries = await account.call("GET", f"/events/{clip.event}/deliveries")
                if deliveries and all(delivery["state"] == "sent" for delivery in deliveries):
                    self.report.counts["alerts"] += len(deliveries)
                    return event
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(0.2)

    def print(self) -> None:
        print(table(self.samples))
        trends, _ = judge_levels(self.samples, self.warm_up)
        for name, found in trends.items():
            print(f"{name:12} {found.first:9.1f} -> {found.last:9.1f}   slope {found.per_hour:+8.2f} an hour   "
                  f"({len(settled(self.samples, self.warm_up))} samples from {self.warm_up:.0f} s on)")
        if self.report.storms:
            worst = max(self.report.storms)
            print(f"{len(self.report.storms)} storms of {self.connections}, the last page was back after {worst:.2f} s at most")
        print("   ".join(f"{what} {count}" for what, count in sorted(self.report.counts.items())), flush=True)


async def end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def run(options: argparse.Namespace, folder: Path) -> int:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(8))
    soak = Soak(folder, options.minutes * 60, options.connections, options.seed)
    try:
        problems = await soak.everything()
    finally:
        (folder / "hub.log").write_text("".join(soak.hub.log))
    soak.print()
    for problem in problems:
        print(f"  {problem}")
    print("flat, quiet, nothing lost" if not problems else f"{len(problems)} problems")
    return 1 if problems else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the folder even when all is well")
    options = parser.parse_args()
    wanted = options.connections + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(wanted, soft)), hard))
    folder = Path(tempfile.mkdtemp(prefix="pingwatch-soak-"))
    status = 1
    try:
        status = asyncio.run(run(options, folder))
    finally:
        if status or options.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
