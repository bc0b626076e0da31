"""Many cameras of many accounts, each with one viewer (d)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fanout import COLUMNS
from load import UWEBSOCKETS, Aim, Result, Site, lasting, ratio, side_by_side

CAMERAS = 1000


def d() -> Result:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), users=CAMERAS)
        options = ["--size", "1024", "--rate", "5", "--pubs", str(CAMERAS), "--subs", str(CAMERAS), "--pairs", *lasting(8)]
        figures = side_by_side(site, "fanout", options, site.live)
    return Result(figures, [
        Aim("CPU, of the floor's", ratio(figures, "server_cpu_s_per_million"), 1.5 * UWEBSOCKETS["d cpu"]),
        Aim("p99, of the floor's", ratio(figures, "latency_p99_us"), 1.5 * UWEBSOCKETS["d p99"], tolerance=1.5),
    ]).print("d", *COLUMNS)
