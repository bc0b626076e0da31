"""One camera, many viewers: at the camera's pace (a) and as fast as it goes (b)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from load import UWEBSOCKETS, Aim, Result, Site, lasting, ratio, side_by_side

COLUMNS = (
    ("server_cpu_s_per_million", "CPU s/million", 1), ("latency_p50_us", "p50 ms", 1000), ("latency_p99_us", "p99 ms", 1000), ("mb_per_s", "MB/s", 1),
    ("deliveries_per_s", "deliveries/s", 1), ("lost", "lost", 1), ("server_cpu_pct", "server %", 1), ("generator_cpu_pct", "generator %", 1))


def a() -> Result:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        options = ["--size", "16384", "--rate", "30", "--subs", "1000", *lasting(8)]
        figures = side_by_side(site, "fanout", options, site.live)
    return Result(figures, [
        Aim("CPU, of the floor's", ratio(figures, "server_cpu_s_per_million"), UWEBSOCKETS["a cpu"]),
        Aim("p99, of the floor's", ratio(figures, "latency_p99_us"), UWEBSOCKETS["a p99"], tolerance=1.5),
    ]).print("a", *COLUMNS)


def b() -> Result:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        options = ["--size", "65536", "--rate", "0", "--subs", "100", *lasting(5)]
        figures = side_by_side(site, "fanout", options, site.live)
    return Result(figures, [Aim("MB/s, of the floor's", ratio(figures, "mb_per_s"), max(0.8, UWEBSOCKETS["b"]), is_least=True)]).print("b", *COLUMNS)
