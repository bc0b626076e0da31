"""Events as fast as they go, to all that an account's owner has open (c)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fanout import COLUMNS
from load import UWEBSOCKETS, Aim, Result, Site, lasting, ratio, side_by_side

# Clients cannot publish. What a camera tells of itself is published to every connection of its owner.
TELEMETRY = '{"send":{"data":{"method":"device.telemetry","data":{"telemetry":{"x":"%s"}}}}}'


def c() -> Result:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        options = ["--text", "--size", "200", "--rate", "0", "--subs", "1000", *lasting(5)]
        figures = side_by_side(site, "fanout", options, [*site.viewers(), *site.sensors('"id":'), "--pub-wrap", TELEMETRY])
    return Result(figures, [Aim("deliveries/s, of the floor's", ratio(figures, "deliveries_per_s"), UWEBSOCKETS["c"], is_least=True)]).print("c", *COLUMNS)
