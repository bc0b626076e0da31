"""Measures the hub, part by part. What was measured takes its place in Benchmarks/results.json. Nothing here passes or fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "parts"))

from common import PROFILE, ROOT  # noqa: E402

from ack import ack  # noqa: E402
from alert import alert  # noqa: E402
from events import c  # noqa: E402
from fanout import a, b  # noqa: E402
from glass import glass  # noqa: E402
from idle import e  # noqa: E402
from jobs import jobs  # noqa: E402
from load import Result  # noqa: E402
from pairs import d  # noqa: E402
from signin import signin  # noqa: E402
from stalled import f  # noqa: E402
from storm import storm  # noqa: E402

LOAD_PARTS = {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "storm": storm}
PARTS = {**LOAD_PARTS, "glass": glass, "alert": alert, "jobs": jobs, "ack": ack, "signin": signin}
RESULTS = ROOT / "Benchmarks" / "results.json"


def measure(names: list[str]) -> dict[str, dict]:
    unknown = set(names) - set(PARTS)
    if unknown:
        sys.exit(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    results = {}
    for name in names:
        found = PARTS[name]()
        results[name] = found.json if isinstance(found, Result) else found
    return results


if __name__ == "__main__":
    recorded = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    recorded |= measure(sys.argv[1:] or list(PARTS))
    # What perf looks at is slower.
    if PROFILE is None:
        RESULTS.write_text(json.dumps(recorded, indent=1) + "\n")
