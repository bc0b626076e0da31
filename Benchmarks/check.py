"""Compares ratios of a short run with those in Benchmarks/results.json. Status 1: one is worse by more than its tolerance."""

from __future__ import annotations

import json
import os
import sys

# Before the parts are imported, which read it. What looks worse is measured once more, at full length.
SHORT = {"BENCH_ROUNDS": "1", "BENCH_PACE": "0.5"}
if "--again" not in sys.argv:
    os.environ |= SHORT

from run import LOAD_PARTS, RESULTS, measure  # noqa: E402

# Of the CPU ratios, as a share: other work on the machine moves them by as much.
TOLERANCE = 0.4


def worse(recorded: dict, fresh: dict) -> list[str]:
    found = []
    for kind, before in recorded["ratios"].items():
        now = fresh["ratios"][kind]
        if now > before * (1 + TOLERANCE):
            found.append(f"CPU of a delivery: {now:.2f} of {kind}, was {before:.2f}")
    for before, now in zip(recorded["aims"], fresh["aims"]):
        old, new = before["value"], now["value"]
        # What still meets its aim is good enough.
        is_worse = new < old / (1 + before["tolerance"]) if before["is_least"] else new > old * (1 + before["tolerance"])
        if is_worse and not now["is_met"]:
            found.append(f"{before['what']}: {new:,.2f}{before['unit']}, was {old:,.2f}{before['unit']}")
    return found


def main() -> int:
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    recorded = json.loads(RESULTS.read_text())
    problems: dict[str, list[str]] = {}
    for name in names or LOAD_PARTS:
        if name not in recorded:
            print(f"{name}: nothing is recorded; Benchmarks/run {name} does that")
            continue
        if found := worse(recorded[name], measure([name])[name]):
            problems[name] = found
    if problems and "--again" not in sys.argv:
        print(f"again, at full length: {', '.join(problems)}", flush=True)
        environment = {key: value for key, value in os.environ.items() if key not in SHORT}
        os.execve(sys.executable, [sys.executable, __file__, "--again", *problems], environment)
    for name, found in problems.items():
        for problem in found:
            print(f"worse: {name}: {problem}")
    print("worse than recorded" if problems else "no worse than recorded")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
