"""Kills, cuts and garbles for a number of rounds, then lets everything come to rest and judges what is left.

    PINGWATCH=.build/release/pingwatch .venv/bin/python Tests/chaos/run.py --rounds 10 --seed 1

Status 0: nothing was lost or doubled. 1: something was; the folder with logs, clips and database is kept. 2: it could not be tried.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import paths  # noqa: F401

import botapi
from bot import Accepted, FaultyBot
from judge import SentClip, StoredEvent, Verdict, judge
from material import Material, count_packets, make
from plan import Kill, Plan, PlannedClip
from postgres import PostgresServer
from processes import Moments, Process
from sensors import HTTP_BREAKS, Sensor
from slow_disk import build
from system import Hub

# Account and whether a chat is linked, for each sensor.
SENSORS = (("ann", True), ("ann", True), ("ben", True), ("ben", False), ("cem", True))
# A job whose worker was killed is free again after its lease of a minute; several may follow one another, with retries in between.
SETTLING_SECONDS = 300
# At most so long takes the sender to note in the database that a message was accepted.
NOTING_SECONDS = 1.0
FINAL_EVENT = ("done", "failed", "dropped")
FINAL_DELIVERY = ("sent", "failed", "suppressed")


class CannotTry(Exception):
    pass


class Run:
    def __init__(self, rounds: int, seed: int, folder: Path, database: PostgresServer | None, slow_disk: Path | None) -> None:
        self.rounds = rounds
        self.folder = folder
        self.plan = Plan(seed, rounds, len(SENSORS), has_worker=database is not None)
        self.moments = Moments()
        labels = self._labels = [f"Camera {index + 1:02}" for index in range(len(SENSORS))]
        self.bot = FaultyBot(lambda label, alert: self.plan.bot(labels.index(label), alert), self.moments.reach)
        self.bot.labels = labels
        environment = {
            "DATA_DIR": str(folder / "data"), "AUTH_DEV_LOGIN_ENABLED": "true", "TELEGRAM_BOT_TOKEN": botapi.TOKEN,
            "TELEGRAM_API_BASE_URL": self.bot.url, "LOG_LEVEL": "debug",
            "OFFLINE_SECONDS": "0",
        }
        if database is not None:
            environment["DATABASE_URL"] = database.url("chaos")

        def vary(start: int) -> dict[str, str]:
            return {} if slow_disk is None else {"LD_PRELOAD": str(slow_disk), "SLOW_DISK_MS": str(self.plan.disk(start))}

        self.hub = Process("serve", environment, folder / "hub.log", vary)
        self.worker = Process("worker", environment, folder / "worker.log", vary) if database is not None else None
        # Straight to the hub, for what is looked at rather than tried.
        self.api = Hub(folder / "data")
        self.tokens: dict[str, str] = {}
        self.sensors: list[Sensor] = []
        self.problems: list[str] = []
        # While it is clear nobody is started: the dead are to stay dead for a while.
        self._reviving = asyncio.Event()

    @property
    def processes(self) -> list[Process]:
        return [self.hub, *([self.worker] if self.worker else [])]

    async def everything(self) -> Verdict:
        material = await asyncio.to_thread(make, self._subfolder("material"))
        await self._start_all()
        await self._set_up(material)
        tasks = [asyncio.create_task(sensor.run()) for sensor in self.sensors]
        self._reviving.set()
        watch = asyncio.create_task(self._revive())
        try:
            for number in range(1, self.rounds + 1):
                await self._while_running(self._round(number), tasks + [watch])
            await self._while_running(self._rest(), tasks + [watch])
            return await asyncio.to_thread(self._judge)
        finally:
            for task in [*tasks, watch]:
                task.cancel()
            await asyncio.gather(*tasks, watch, return_exceptions=True)

    async def close(self) -> None:
        for process in reversed(self.processes):
            status = await process.stop()
            if status != 0:
                print(f"pingwatch {process.command} did not stop in order: {status}")
        for sensor in self.sensors:
            await sensor.line.stop()
        self.bot.stop()

    # Set-up

    def _subfolder(self, name: str) -> Path:
        made = self.folder / name
        made.mkdir(exist_ok=True)
        return made

    async def _start_all(self) -> None:
        for process in self.processes:
            try:
                process.launch()
            except OSError as error:
                raise CannotTry(f"{error}; PINGWATCH names the program") from error
            if not await process.ready():
                status = await process.ended()
                raise CannotTry(f"pingwatch {process.command} ended with status {status}: {process.log.read_text(errors='replace')[-500:]}")
        self.api.port = self.hub.port
        if self.worker is not None:
            # A program that knows no such command ends at once.
            status = await self.worker.ends_within(1)
            if status is not None:
                raise CannotTry(f"pingwatch worker ended with status {status}: {self.worker.log.read_text(errors='replace')[-500:]}")

    async def _set_up(self, material: Material) -> None:
        epoch = int(time.time() - 86_400) * 1000
        for index, (account, is_linked) in enumerate(SENSORS):
            if account not in self.tokens:
                self.tokens[account] = await asyncio.to_thread(self.api.sign_in, f"{account}@example.org")
            token = self.tokens[account]
            device = (await self._ask("POST", "/devices/register", {"label": self._labels[index]}, token))["device_id"]
            session = (await self._ask("POST", "/sessions/start", {"device_id": device}, token))["session_id"]
            chat = await self._link(device, token, 5000 + index) if is_linked else None
            sensor = Sensor(
                index=index, label=self._labels[index], account=account, token=token, device=device, session=session, chat=chat,
                plan=self.plan, material=material, moments=self.moments, epoch=epoch)
            await sensor.line.start(self.hub.port)
            self.sensors.append(sensor)
        # The greetings of the links are no alerts.
        self.bot.accepted.clear()

    async def _link(self, device: str, token: str, chat: int) -> str:
        started = await self._ask("POST", "/notifications/telegram/link/start", {"device_id": device}, token)
        self.bot.user_sends(chat, started["fallback_command"])
        path = f"/notifications/telegram/link/status?device_id={device}&attempt_id={started['attempt_id']}"
        deadline = time.monotonic() + 10
        while not (status := await self._ask("GET", path, None, token))["linked"]:
            if time.monotonic() > deadline:
                raise CannotTry(f"the chat was not linked: {status}")
            await asyncio.sleep(0.05)
        # The greeting goes out after that, and is not to be taken for an alert.
        while not any(message.chat == str(chat) for message in self.bot.accepted):
            if time.monotonic() > deadline:
                raise CannotTry("the linked chat was not greeted")
            await asyncio.sleep(0.05)
        return str(chat)

    async def _ask(self, method: str, path: str, body: object, token: str) -> dict:
        status, answer, _ = await asyncio.to_thread(self.api.call, method, path, body, token)
        if status != 200 or not isinstance(answer, dict):
            raise CannotTry(f"{method} {path} was answered {status}: {answer}")
        return answer

    # Rounds

    async def _while_running(self, work: Coroutine[Any, Any, None], tasks: list[asyncio.Task[None]]) -> None:
        """A sensor of ours that fails ends the run, rather than being taken for a loss."""
        current = asyncio.create_task(work)
        await asyncio.wait([current, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                current.cancel()
                task.result()
        await current

    async def _round(self, number: int) -> None:
        began = time.monotonic()
        planned = self.plan.round(number)
        self._make_peace(False)
        before = self._counts()
        for sensor in self.sensors:
            sensor.begin_round(number)
        timeline = asyncio.create_task(self._record(planned.clips))
        killed = []
        for kill in planned.kills:
            killed.append(await self._kill(kill))
        await timeline
        await asyncio.sleep(max(0, began + planned.seconds - time.monotonic()))
        await self._audit()
        after = self._counts()
        change = {name: after[name] - before[name] for name in after}
        print(
            f"round {number:3}/{self.rounds}: {change['clips']} clips, {change['durable']} durable, {change['breaks']} breaks, "
            f"{change['line']} line faults, {change['bot']} bot faults, {change['alerts']} alerts; killed: {', '.join(killed) or 'nobody'}; "
            f"waiting {sum(sensor.unfinished for sensor in self.sensors)}; {time.monotonic() - began:.1f} s", flush=True)

    def _make_peace(self, is_peaceful: bool) -> None:
        self.bot.is_peaceful = is_peaceful
        for sensor in self.sensors:
            sensor.line.is_peaceful = is_peaceful

    def _counts(self) -> dict[str, int]:
        clips = [clip for sensor in self.sensors for clip in sensor.clips]
        return {
            "clips": len(clips), "durable": sum(clip.durable for clip in clips), "breaks": sum(sensor.breaks for sensor in self.sensors),
            "line": sum(sensor.line.faults.total() for sensor in self.sensors), "bot": self.bot.faults.total(),
            "alerts": len(self.bot.accepted_so_far()),
        }

    async def _record(self, clips: tuple[PlannedClip, ...]) -> None:
        began = time.monotonic()
        for clip in sorted(clips, key=lambda clip: clip.after):
            await asyncio.sleep(max(0, began + clip.after - time.monotonic()))
            self.sensors[clip.sensor].record(clip)

    async def _kill(self, kill: Kill) -> str:
        # Whoever sends an alert is the one to kill at this moment.
        everybody = kill.target == "both" or kill.moment == "accepted" or self.worker is None
        victims = self.processes if everybody else [self.hub if kill.target == "hub" else self.worker]
        struck = asyncio.Event()
        loop = asyncio.get_running_loop()

        def perform() -> None:
            for victim in victims:
                victim.kill()
            loop.call_soon_threadsafe(struck.set)

        self._reviving.clear()
        name = kill.moment
        if kill.moment == "time":
            await asyncio.sleep(kill.after)
            perform()
        else:
            self.moments.arm(kill, perform)
            try:
                await asyncio.wait_for(struck.wait(), kill.after)
            except TimeoutError:
                if self.moments.disarm():
                    name = "time"
                    perform()
        await struck.wait()
        await asyncio.sleep(kill.down)
        self._reviving.set()
        return f"{'+'.join(victim.command for victim in victims)} at {name}"

    async def _revive(self) -> None:
        """Starts what has ended, whoever ended it, as a service manager would."""
        async def keep(process: Process) -> None:
            while True:
                await process.ended()
                await self._reviving.wait()
                process.launch()
                await process.ready()

        async with asyncio.TaskGroup() as group:
            for process in self.processes:
                group.create_task(keep(process))

    async def _audit(self) -> None:
        """No account ever sees another one's events."""
        owners = {clip.event: clip.account for sensor in self.sensors for clip in sensor.clips}
        for account, token in self.tokens.items():
            try:
                status, listed, _ = await asyncio.to_thread(self.api.call, "GET", "/events?limit=200", None, token)
            except HTTP_BREAKS:
                return
            for event in listed if status == 200 and isinstance(listed, list) else []:
                if owners.get(event["event_id"]) != account:
                    self.problems.append(f"event {event['event_id']} of {owners.get(event['event_id'])} was listed for {account}")

    # Rest

    async def _rest(self) -> None:
        self._make_peace(True)
        self._reviving.set()
        began = time.monotonic()
        final: set[str] = set()
        while (waiting := await self._unsettled(final)) and time.monotonic() < began + SETTLING_SECONDS:
            await asyncio.sleep(0.5)
        if waiting:
            self.problems.append(f"after {SETTLING_SECONDS} s of peace there still waited: {'; '.join(waiting[:10])}")
        print(f"at rest after {time.monotonic() - began:.1f} s", flush=True)

    async def _unsettled(self, final: set[str]) -> list[str]:
        waiting = [f"{sensor.label} holds {sensor.unfinished} clips" for sensor in self.sensors if sensor.unfinished]
        if waiting:
            return waiting
        linked = {clip.event for sensor in self.sensors for clip in sensor.clips if clip.chat is not None}
        try:
            for account, token in self.tokens.items():
                for event in await asyncio.to_thread(self._list, token):
                    name = event["event_id"]
                    if name in final:
                        continue
                    if event["status"] not in FINAL_EVENT:
                        waiting.append(f"event {name} is {event['status']}")
                        continue
                    if event["status"] == "done" and event["should_notify"] and name in linked:
                        deliveries = await asyncio.to_thread(self._get, f"/events/{name}/deliveries", token)
                        states = [delivery["state"] for delivery in deliveries]
                        if not states or any(state not in FINAL_DELIVERY for state in states):
                            waiting.append(f"event {name} has deliveries {states}")
                            continue
                    final.add(name)
        except HTTP_BREAKS as error:
            waiting.append(f"the hub does not answer: {error}")
        return waiting

    def _list(self, token: str) -> list[dict]:
        events: list[dict] = []
        cursor = ""
        while True:
            status, page, headers = self.api.call("GET", f"/events?limit=200{cursor}", None, token)
            if status != 200 or not isinstance(page, list):
                raise ConnectionError(f"GET /events was answered {status}")
            events += page
            if "x-next-cursor" not in headers:
                return events
            cursor = f"&cursor={headers['x-next-cursor']}"

    def _get(self, path: str, token: str) -> Any:
        status, answer, _ = self.api.call("GET", path, None, token)
        if status != 200:
            raise ConnectionError(f"GET {path} was answered {status}")
        return answer

    def _judge(self) -> Verdict:
        events: list[StoredEvent] = []
        with ThreadPoolExecutor(4) as pool:
            for account, token in self.tokens.items():
                listed = self._list(token)
                events += pool.map(lambda event: self._gather(event, account, token), listed)
        clips: list[SentClip] = [clip for sensor in self.sensors for clip in sensor.clips]
        accepted = self._accepted()
        verdict = judge(clips, events, accepted)
        verdict.clips["leftover files"] = sum(1 for _ in (self.folder / "data" / "clips").rglob("*.part"))
        for process in self.processes:
            if process.crashes:
                self.problems.append(f"pingwatch {process.command} ended by itself, with {process.crashes}")
        verdict.problems[:0] = dict.fromkeys(self.problems)
        (self.folder / "events.json").write_text(json.dumps([asdict(event) for event in events], indent=1))
        (self.folder / "clips.json").write_text(json.dumps([asdict(clip) for clip in clips], indent=1))
        (self.folder / "accepted.json").write_text(json.dumps([asdict(message) for message in accepted], indent=1))
        return verdict

    def _accepted(self) -> list[Accepted]:
        kills = [kill for process in self.processes for kill in process.kills]

        def is_killed(message: Accepted) -> bool:
            return any(message.began <= kill < message.at + NOTING_SECONDS for kill in kills)

        return [replace(message, killed=is_killed(message)) for message in self.bot.accepted_so_far()]

    def _gather(self, event: dict, account: str, token: str) -> StoredEvent:
        name = event["event_id"]
        frames = 0
        if event["clip_url"]:
            status, clip, _ = self.api.call("GET", event["clip_url"])
            if status == 200 and isinstance(clip, bytes):
                frames = count_packets(clip, self._subfolder("judged") / f"{account}-{name}")
        return StoredEvent(
            event=name, account=account, label=event["device_label"], status=event["status"],
            triggered_at=event["triggered_at"][:19].replace("T", " "), should_notify=event["should_notify"] is True,
            failure=event["failure"] and event["failure"]["reason"], frames=frames, deliveries=self._get(f"/events/{name}/deliveries", token))


def build_slow_disk(folder: Path) -> Path:
    try:
        return build(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotTry(f"the slow disk needs a C compiler (or --disk real): {error}") from error


async def run(options: argparse.Namespace, folder: Path, database: PostgresServer | None) -> int:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(32))
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        # So that no child outlives this process.
        loop.add_signal_handler(number, task.cancel)
    began = time.monotonic()
    slow_disk = None if options.disk == "real" else build_slow_disk(folder)
    chaos = Run(options.rounds, options.seed, folder, database, slow_disk)
    print(f"seed {options.seed}, plan {chaos.plan.digest}, {options.database}, {options.disk} disk, {folder}", flush=True)
    try:
        verdict = await chaos.everything()
    finally:
        await chaos.close()
    counts = {process.command: len(process.kills) for process in chaos.processes}
    lines = sum((sensor.line.faults for sensor in chaos.sensors), start=type(chaos.bot.faults)())
    print(verdict.table())
    print(f"faults  killed {counts}  line {dict(lines)}  bot {dict(chaos.bot.faults)}")
    for problem in verdict.problems:
        print(f"  {problem}")
    print(json.dumps({
        "good": verdict.is_good, "seed": options.seed, "rounds": options.rounds, "database": options.database, "disk": options.disk,
        "plan": chaos.plan.digest,
        "seconds": round(time.monotonic() - began, 1), "clips": verdict.clips, "alerts": verdict.alerts, "kills": counts, "line": lines,
        "bot": chaos.bot.faults, "problems": verdict.problems,
    }))
    return 0 if verdict.is_good else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument(
        "--disk", choices=("slow", "real"), default="slow", help="slow: clips take up to 150 ms to reach the disk (preloads a library)")
    parser.add_argument("--keep", action="store_true", help="keep the folder even when all is well")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pingwatch-chaos-"))
    status = 2
    try:
        if options.database == "postgres":
            with PostgresServer(folder) as database:
                status = asyncio.run(run(options, folder, database))
                if status:
                    database.dump("chaos", folder / "database.sql")
        else:
            status = asyncio.run(run(options, folder, None))
    except CannotTry as reason:
        print(f"it could not be tried: {reason}", file=sys.stderr)
    finally:
        if status or options.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
