"""Ten of a hundred viewers stop reading (f)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from load import Aim, Result, Site, lasting, side_by_side


def f() -> Result:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        options = ["--size", "65536", "--rate", "30", "--subs", "100", "--slow", "10", *lasting(10, 5)]
        figures = side_by_side(site, "slow", options, site.live)
    hub = figures["hub"]
    hub["peak_above_idle_kb"] = hub["server_rss_peak_kb"] - hub["idle_kb"]
    return Result(figures, [
        Aim("p99 of the others, of what it was before", hub["latency_p99_us"] / hub["before_p99_us"], 1.3, tolerance=1.5),
        Aim("peak of memory above idle", hub["peak_above_idle_kb"] / 1024, 40, " MB", tolerance=0.5),
    ]).print(
        "f", ("latency_p99_us", "p99 ms", 1000), ("before_p99_us", "before ms", 1000), ("server_rss_peak_kb", "peak MB", 1024),
        ("peak_above_idle_kb", "above idle MB", 1024), ("slow_closed_by_server", "slow closed", 1), ("lost", "lost", 1))
