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

from comparison import worse  # noqa: E402


def main() -> int:
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    if unknown := set(names) - set(LOAD_PARTS):
        sys.exit(f"no part {', '.join(sorted(unknown))} to compare; there are {', '.join(LOAD_PARTS)}")
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
