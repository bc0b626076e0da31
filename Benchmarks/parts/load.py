"""The servers that are measured side by side, the generator, and what is aimed at.

The floor does framing and `writev` only; plain is a broadcaster on libwebsockets as its users write it; the hub is the real one, with its
protocol and authorisation on. Server and generator have a core each, so the hub has one loop thread.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from common import LOAD, PACE, PROFILE, ROUNDS, median, on_core
from system import Hub

KINDS = ("floor", "plain", "hub")
# What would keep ten thousand connections of one address from being let in as fast as they come.
NO_LIMITS = {
    "CONNECTIONS_LIMIT": "19000", "CONNECTIONS_PER_ADDRESS": "20000", "ACCEPTS_PER_SECOND": "1000000", "CONNECTIONS_PER_USER": "20000",
    "LIVE_VIEWERS_PER_STREAM": "20000", "LIVE_STREAMS_PER_ACCOUNT": "20000", "LOG_LEVEL": "warning",
}
# A live keyframe of the stream that the sensor was asked for.
HEADER = "0101" "0000" "{x1:stream}" "00000000" "00000000" "0000000000000000"


@dataclass
class Server:
    kind: str
    port: int
    pid: int
    # Resident, before the first connection.
    idle_kb: float


def resident_kb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    raise ValueError(f"process {pid} has no memory")


@contextlib.contextmanager
def reference(kind: str, *more: str) -> Iterator[Server]:
    """`floor` or `plain`, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with on_core(0):
        process = subprocess.Popen([LOAD / {"floor": "floor", "plain": "lws"}[kind], str(port), *more], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 5
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            assert process.poll() is None and time.monotonic() < deadline, f"{kind} does not listen"
            time.sleep(0.02)
        yield Server(kind, port, process.pid, resident_kb(process.pid))
    finally:
        process.terminate()
        process.wait()


class Site:
    """A hub's data, with users who have a camera `bench-<number>` each; served as often as it is asked for."""

    def __init__(self, folder: Path, users: int = 1, **environment: str) -> None:
        self.folder = folder
        self.environment = NO_LIMITS | environment
        self.tokens: list[str] = []
        self.users: list[str] = []
        hub = Hub(folder / "data", **NO_LIMITS).start()
        try:
            line = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=30)
            for number in range(users):
                signed_in = ask(line, "/auth/dev/login", {"email": f"user{number}@example.org"})
                self.tokens.append(signed_in["access_token"])
                self.users.append(signed_in["user_id"])
                ask(line, "/devices/register", {"device_id": f"bench-{number}", "label": f"Bench {number}"}, self.tokens[-1])
            line.close()
        finally:
            hub.stop()

    @contextlib.contextmanager
    def served(self) -> Iterator[Server]:
        hub = Hub(self.folder / "data", **self.environment)
        with on_core(0):
            hub.start()
        try:
            time.sleep(0.5)
            yield Server("hub", hub.port, hub.process.pid, resident_kb(hub.process.pid))
        finally:
            hub.stop()

    def file(self, name: str, *lines: str) -> str:
        path = self.folder / name
        path.write_text("".join(line + "\n" for line in lines))
        return str(path)

    @property
    def options(self) -> list[str]:
        """For connections that say what the protocol wants first: user n modulo users is connection n."""
        return ["--path", "/connection/websocket", "--protocol", "pingwatch.v1", "--reply-match", '"id":', "--values", self.file("tokens", *self.tokens)]

    def viewers(self, *more: str) -> list[str]:
        hello = '?{"id":1,"connect":{"token":"{v}"}}'
        return [*self.options, "--sub-hello", self.file("viewer", hello, *more)]

    @property
    def live(self) -> list[str]:
        """Subscriber n watches the camera of publisher n modulo publishers, which sends what the hub asks it for."""
        watch = '?{"id":2,"rpc":{"method":"live.watch","data":{"device_id":"bench-{c}"}}}'
        return [*self.viewers(watch), *self.sensors('"live.start"'), "--pub-prefix", HEADER]

    def sensors(self, awaited: str) -> list[str]:
        hello = '?{"id":1,"connect":{"token":"{v}","data":{"kind":"sensor","device_id":"bench-{c}"}}}'
        return ["--pub-hello", self.file("sensor", hello), "--pub-reply-match", awaited]


def ask(line: http.client.HTTPConnection, path: str, body: dict, token: str | None = None) -> dict:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    line.request("POST", path, json.dumps(body), headers)
    response = line.getresponse()
    answer = json.loads(response.read())
    assert response.status == 200, answer
    return answer


@contextlib.contextmanager
def profiled(server: Server, mode: str) -> Iterator[None]:
    """Where its time goes, by perf, into a file for `Benchmarks/profile`: of the connecting, or of what comes behind it."""
    if PROFILE is None:
        yield
        return
    wanted = ["--delay", "4000", "--", "sleep", "6"] if mode in ("fanout", "slow") else []
    file = Path(PROFILE) / f"{server.kind}-{len(list(Path(PROFILE).glob('*.data')))}.data"
    perf = subprocess.Popen(["perf", "record", "-q", "-F", "997", "-g", "-p", str(server.pid), "-o", file, *wanted], stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            perf.send_signal(signal.SIGINT)
        perf.wait()


def wsload(server: Server, mode: str, options: list[str]) -> dict[str, float]:
    with profiled(server, mode), on_core(1):
        result = subprocess.run(
            [LOAD / "wsload", mode, "--port", str(server.port), "--server-pid", str(server.pid), "--json", *options],
            capture_output=True, text=True, timeout=180)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout)


def lasting(seconds: float, warmup: float = 2) -> list[str]:
    return ["--duration", str(seconds * PACE), "--warmup", str(warmup * PACE)]


def paths() -> list[str]:
    """For the floor and plain: channel n is that of publisher n."""
    return ["--sub-path", "/sub/{c}", "--pub-path", "/pub/{c}"]


def in_turn(measurements: dict[str, Callable[[], dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Each once a round, one after another; the medians."""
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in measurements}
    for _ in range(ROUNDS):
        for name, measure in measurements.items():
            rounds[name].append(measure())
    return {
        name: {key: median([each[key] for each in all_rounds]) for key, value in all_rounds[0].items() if isinstance(value, (int, float))}
        for name, all_rounds in rounds.items()
    }


def side_by_side(site: Site, mode: str, options: list[str], hub_options: list[str]) -> dict[str, dict[str, float]]:
    """The same work for all three."""
    def of_reference(kind: str) -> dict[str, float]:
        with reference(kind) as server:
            return wsload(server, mode, [*options, *paths()])

    def of_hub() -> dict[str, float]:
        with site.served() as server:
            return wsload(server, mode, [*options, *hub_options]) | {"idle_kb": server.idle_kb}

    return in_turn({"floor": lambda: of_reference("floor"), "plain": lambda: of_reference("plain"), "hub": of_hub})


@dataclass
class Aim:
    what: str
    value: float
    bound: float
    unit: str = ""
    is_least: bool = False
    """Whether the bound is the least that is aimed at, rather than the most."""
    tolerance: float = 0.3
    """How much worse than recorded a short run may be, as a share, before Benchmarks/check speaks up."""
    is_met: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_met = self.value >= self.bound if self.is_least else self.value <= self.bound


@dataclass
class Result:
    """What one part found."""

    figures: dict[str, dict[str, float]]
    aims: list[Aim]

    @property
    def ratios(self) -> dict[str, float]:
        """CPU of a delivery against the references': what other work on the machine changes least."""
        key = "server_cpu_s_per_million"
        return {kind: self.figures["hub"][key] / self.figures[kind][key] for kind in ("floor", "plain") if key in self.figures.get(kind, {})}

    def print(self, name: str, *columns: tuple[str, str, float]) -> "Result":
        """Columns: the figure, what it is called, and what it is divided by."""
        for kind, figures in self.figures.items():
            shown = "   ".join(f"{title} {figures[key] / unit:,.{0 if figures[key] / unit > 999 else 2}f}" for key, title, unit in columns if key in figures)
            print(f"{name:6} {kind:6} {shown}", flush=True)
        if self.ratios:
            print(f"{name:6} CPU of a delivery: {', '.join(f'{value:.2f} of {kind}' for kind, value in self.ratios.items())}", flush=True)
        for aim in self.aims:
            sign = "≥" if aim.is_least else "≤"
            print(f"{name:6} {aim.what}: {aim.value:,.2f}{aim.unit}, aim {sign} {aim.bound:,.2f}{aim.unit}: {'met' if aim.is_met else 'MISSED'}", flush=True)
        return self

    @property
    def json(self) -> dict:
        return {"figures": self.figures, "ratios": self.ratios, "aims": [asdict(aim) for aim in self.aims]}


# Of the table, on a machine of this kind: uWebSockets as a share of the floor.
UWEBSOCKETS = {"a cpu": 8.4 / 7.0, "a p99": 9.8 / 7.9, "b": 4445 / 6436, "c": 2.19 / 2.41, "d cpu": 17 / 13, "d p99": 55 / 39}


def ratio(figures: dict[str, dict[str, float]], key: str) -> float:
    return figures["hub"][key] / figures["floor"][key]
