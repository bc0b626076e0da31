"""What a durable acknowledgement costs."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from common import median, percentile
from sensor import CLIP, Peer, frame
from watched import Watched


def ack() -> dict:
    """One frame of 16 KiB at a time, each waiting for its acknowledgement; against write and fdatasync of the same bytes alone."""
    payload = os.urandom(16_384)
    count = 400
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        watched = Watched(folder)
        try:
            sensor = Peer(watched.hub, watched.token, watched.device)
            opened = sensor.open_clip(watched.session)
            hub_times, floor_times = [], []
            with (folder / "floor").open("ab", buffering=0) as file:
                for number in range(count):
                    start = time.perf_counter()
                    sensor.send(frame(CLIP, opened["stream"], number, payload, timestamp=number * 33_333))
                    sensor.wait_publication("clip.ack", next=number + 1)
                    hub_times.append(time.perf_counter() - start)
                    start = time.perf_counter()
                    file.write(payload)
                    os.fdatasync(file.fileno())
                    floor_times.append(time.perf_counter() - start)
            sensor.close()
        finally:
            watched.hub.stop()
    result = {
        "p50_ms": median(hub_times) * 1000, "p99_ms": percentile(hub_times, 0.99) * 1000, "floor_p50_ms": median(floor_times) * 1000,
        "floor_p99_ms": percentile(floor_times, 0.99) * 1000}
    result["ratio_p50"] = result["p50_ms"] / result["floor_p50_ms"]
    print(f"durable acknowledgement of 16 KiB  p50 {result['p50_ms']:.2f} ms  p99 {result['p99_ms']:.2f} ms   "
          f"write and fdatasync alone  p50 {result['floor_p50_ms']:.2f} ms  p99 {result['floor_p99_ms']:.2f} ms   "
          f"ratio {result['ratio_p50']:.2f}", flush=True)
    return result
