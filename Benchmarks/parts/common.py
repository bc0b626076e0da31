"""What the parts share. Import it first: it makes the helpers of the tests importable."""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
for folder in ("e2e", "Tests/integration", "Tests/chaos"):
    if str(ROOT / folder) not in sys.path:
        sys.path.append(str(ROOT / folder))

LOAD = ROOT / "Benchmarks" / "load"
# BENCH_ROUNDS=1 is for a quick look.
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
# Of the seconds that a measurement lasts.
PACE = float(os.environ.get("BENCH_PACE", "1"))

# A folder for perf's files.
PROFILE = os.environ.get("BENCH_PROFILE")


def median(values: list[float]) -> float:
    return statistics.median(values)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started meanwhile has this core to itself, where there are two: server and generator do not share one."""
    before = os.sched_getaffinity(0)
    if len(before) > 1:
        os.sched_setaffinity(0, {sorted(before)[core]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
