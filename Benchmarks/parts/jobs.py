"""Work through the pipeline."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import material
from common import ROUNDS, median
from postgres import PostgresServer
from watched import Watched


def pipeline_rate(folder: Path, clip: bytes, jobs: int, environment: dict[str, str]) -> dict:
    """Events a second from the request until `done`: without media (rows alone), and with a small clip."""
    watched = Watched(folder, **environment)
    try:
        with ThreadPoolExecutor(8) as pool:
            def external(_: int) -> None:
                watched.call("POST", "/events", watched.declaration(clip_uri="https://example.org/clip.mp4"))

            def uploaded(_: int) -> None:
                answer = watched.call("POST", "/events/upload/initiate", watched.declaration(clip_size_bytes=len(clip)))
                watched.hub.call("PUT", answer["upload_url"], token=watched.token, raw=clip)
                watched.call("POST", f"/events/{answer['event']['event_id']}/upload/finalize")

            rates = {}
            for name, make, count in (("rows", external, jobs), ("clips", uploaded, jobs // 4)):
                start = time.monotonic()
                list(pool.map(make, range(count)))
                watched.until_idle()
                rates[name] = count / (time.monotonic() - start)
            return rates
    finally:
        watched.hub.stop()


def jobs() -> dict:
    results: dict[str, dict] = {"sqlite": {}, "postgres": {}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with PostgresServer(folder) as server:
            (folder / "material").mkdir()
            clip = material.make(folder / "material").files[True, material.FRAME_COUNTS[0]]
            rounds: dict[str, list[dict]] = {"sqlite": [], "postgres": []}
            for index in range(ROUNDS):
                for database, environment in (("sqlite", {}), ("postgres", {"DATABASE_URL": server.url(f"bench{index}")})):
                    rounds[database].append(pipeline_rate(folder / f"{database}{index}", clip, 400, environment))
    for database, rates in rounds.items():
        for kind in ("rows", "clips"):
            results[database][f"{kind}_per_s"] = median([rate[kind] for rate in rates])
        print(f"jobs on {database:<9} {results[database]['rows_per_s']:6.0f} events/s without media   "
              f"{results[database]['clips_per_s']:6.1f} events/s with a clip of ten pictures", flush=True)
    return results
