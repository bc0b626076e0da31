"""Measures the hub: live relay against a floor, glass to glass in Chromium, trigger to Telegram, work through the pipeline,
and what a durable acknowledgement costs.

Ratios and percentiles of one run on one machine; nothing here passes or fails.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for folder in ("e2e", "Tests/integration", "Tests/chaos"):
    sys.path.insert(0, str(ROOT / folder))

from playwright.sync_api import sync_playwright  # noqa: E402

import botapi  # noqa: E402
import material  # noqa: E402
from postgres import PostgresServer  # noqa: E402
from sensor import CLIP, Peer, frame  # noqa: E402
from system import BROWSER_ARGS, CHROMIUM, Hub  # noqa: E402

LOAD = ROOT / "Benchmarks" / "load"
ROUNDS = 3
# A live keyframe of stream 1, which is the first that a hub gives.
HEADER = "0101" "0000" "00000001" "00000000" "00000000" "0000000000000000"


def median(values: list[float]) -> float:
    return statistics.median(values)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


# Live relay


def wsload(port: int, pid: int, subscribers: int, *more: str) -> dict:
    result = subprocess.run(
        [*pinned(1), str(LOAD / "wsload"), "fanout", "--port", str(port), "--size", "16384", "--rate", "30", "--subs", str(subscribers),
         "--duration", "8", "--warmup", "2", "--server-pid", str(pid), "--json", *more],
        capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    figures = json.loads(result.stdout)
    cpu = figures["server_cpu_s_per_million"]
    return {"deliveries_per_cpu_s": 1e6 / cpu if cpu else None, "p50_us": figures["latency_p50_us"], "p99_us": figures["latency_p99_us"],
            "lost": figures["lost"], "deliveries_per_s": figures["deliveries_per_s"], "server_cpu_pct": figures["server_cpu_pct"]}


def pinned(core: int) -> list[str]:
    """Server and generator have a core each where there are two."""
    return ["taskset", "-c", str(core)] if (os.cpu_count() or 1) > 1 else []


def relay_floor(subscribers: int) -> dict:
    with open(os.devnull, "w") as nothing:
        process = subprocess.Popen([*pinned(0), str(LOAD / "floor"), "8091"], stdout=nothing, stderr=nothing)
    time.sleep(0.3)
    try:
        return wsload(8091, process.pid, subscribers, "--sub-path", "/sub/a", "--pub-path", "/pub/a")
    finally:
        process.terminate()
        process.wait()


def relay_hub(subscribers: int, folder: Path) -> dict:
    hub = Hub(folder / f"hub-{time.monotonic_ns()}", LIVE_VIEWERS_PER_STREAM=str(subscribers)).start()
    subprocess.run(["taskset", "-a", "-cp", "0", str(hub.process.pid)], capture_output=True)
    try:
        token = hub.sign_in()
        hub.call("POST", "/devices/register", {"device_id": "bench", "label": "Bench"}, token)
        viewer, sensor = folder / "viewer.txt", folder / "sensor.txt"
        viewer.write_text(
            f'?{{"id":1,"connect":{{"token":"{token}"}}}}\n?{{"id":2,"rpc":{{"method":"live.watch","data":{{"device_id":"bench"}}}}}}\n')
        sensor.write_text(f'?{{"id":1,"connect":{{"token":"{token}","data":{{"kind":"sensor","device_id":"bench"}}}}}}\n')
        return wsload(
            hub.port, hub.process.pid, subscribers, "--path", "/connection/websocket", "--protocol", "pingwatch.v1", "--reply-match", '"id":',
            "--sub-hello", str(viewer), "--pub-hello", str(sensor), "--pub-prefix", HEADER)
    finally:
        hub.stop()


def relay() -> dict:
    results = {}
    with tempfile.TemporaryDirectory() as name:
        for subscribers in (100, 500):
            rounds = {"floor": [], "hub": []}
            for _ in range(ROUNDS):
                rounds["floor"].append(relay_floor(subscribers))
                rounds["hub"].append(relay_hub(subscribers, Path(name)))
            row = {}
            for kind, all_rounds in rounds.items():
                row[kind] = {key: median([r[key] for r in all_rounds]) for key in ("deliveries_per_cpu_s", "p50_us", "p99_us", "lost", "server_cpu_pct")}
            row["share_of_floor"] = row["hub"]["deliveries_per_cpu_s"] / row["floor"]["deliveries_per_cpu_s"]
            results[str(subscribers)] = row
            for kind in ("floor", "hub"):
                r = row[kind]
                print(f"relay {subscribers:4} viewers  {kind:5}  {r['deliveries_per_cpu_s']:10,.0f} deliveries/CPU s   p50 {r['p50_us']:8,.0f} µs   "
                      f"p99 {r['p99_us']:8,.0f} µs   lost {r['lost']:.0f}   CPU {r['server_cpu_pct']:.0f} %", flush=True)
            print(f"relay {subscribers:4} viewers  the hub does {row['share_of_floor']:.0%} of the floor's deliveries per CPU second", flush=True)
    return results


# Glass to glass

# The camera is a canvas that shows the time: 32 cells, black or white, of the milliseconds since 1970 modulo 2^32.
CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 640; canvas.height = 480;
  const context = canvas.getContext("2d", { alpha: false });
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  setInterval(() => {
    const time = Math.floor(performance.timeOrigin + performance.now());
    for (let bit = 0; bit < 32; bit++) {
      context.fillStyle = Math.floor(time / 2 ** bit) % 2 ? "#fff" : "#000";
      context.fillRect((bit % 8) * 80, Math.floor(bit / 8) * 120, 80, 120);
    }
    track.requestFrame();
  }, 1000 / 30);
  return stream;
};
"""

# A camera that shows the same picture all the time, so that a clip lasts as long as it is asked to.
STILL_CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 640; canvas.height = 480;
  const context = canvas.getContext("2d", { alpha: false });
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  setInterval(() => {
    const shades = context.createLinearGradient(0, 0, 640, 480);
    shades.addColorStop(0, "#234");
    shades.addColorStop(1, "#cba");
    context.fillStyle = shades;
    context.fillRect(0, 0, 640, 480);
    track.requestFrame();
  }, 1000 / 30);
  return stream;
};
"""

# Reads the time out of each picture as soon as it is drawn.
READER = """
(tile) => {
  const canvas = tile.querySelector("canvas");
  const small = new OffscreenCanvas(8, 4);
  const context = small.getContext("2d", { willReadFrequently: true });
  window.latencies = [];
  new MutationObserver(() => {
    const now = performance.timeOrigin + performance.now();
    let time = 0;
    for (let bit = 0; bit < 32; bit++) {
      context.drawImage(canvas, (bit % 8) * 80 + 30, Math.floor(bit / 8) * 120 + 50, 20, 20, bit % 8, Math.floor(bit / 8), 1, 1);
    }
    const { data } = context.getImageData(0, 0, 8, 4);
    for (let bit = 0; bit < 32; bit++) if (data[bit * 4] > 127) time += 2 ** bit;
    window.latencies.push((now - time) % 2 ** 32);
  }).observe(tile, { attributeFilter: ["data-frames"] });
}
"""


def start_camera(page, hub: Hub) -> None:
    page.goto(f"{hub.url}/#/camera")
    page.get_by_label("E-mail").fill("me@example.org")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Device name").fill("Bench")
    page.get_by_role("button", name="Start watching").click()
    page.wait_for_selector("pw-sensor-page[data-state=watching]")


def glass() -> dict:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        hub = Hub(Path(name)).start()
        browsers = [playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS) for _ in range(2)]
        try:
            camera = browsers[0].new_page()
            camera.add_init_script(CAMERA)
            start_camera(camera, hub)
            viewer = browsers[1].new_page()
            viewer.goto(hub.url)
            viewer.get_by_label("E-mail").fill("me@example.org")
            viewer.get_by_role("button", name="Sign in").click()
            firsts = []
            for _ in range(5):
                viewer.get_by_role("button", name="Live: Bench", exact=True).click()
                viewer.wait_for_selector("[data-live=playing]")
                firsts.append(float(viewer.get_attribute("pw-live-tile", "data-first-frame-ms")))
                viewer.get_by_role("button", name="Stop live: Bench").click()
            viewer.get_by_role("button", name="Live: Bench", exact=True).click()
            viewer.wait_for_selector("[data-live=playing]")
            viewer.locator("pw-live-tile").evaluate(READER)
            viewer.wait_for_timeout(15_000)
            latencies = viewer.evaluate("window.latencies")
        finally:
            for browser in browsers:
                browser.close()
            hub.stop()
    result = {"pictures": len(latencies), "p50_ms": percentile(latencies, 0.5), "p95_ms": percentile(latencies, 0.95), "max_ms": max(latencies),
              "first_picture_ms": median(firsts)}
    print(f"glass to glass  {result['pictures']} pictures   p50 {result['p50_ms']:.0f} ms   p95 {result['p95_ms']:.0f} ms   "
          f"max {result['max_ms']:.0f} ms   first picture {result['first_picture_ms']:.0f} ms", flush=True)
    return result


# Trigger to Telegram


def alert() -> dict:
    bot = botapi.BotApi()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        hub = Hub(Path(name), TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=bot.url).start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS)
        try:
            camera = browser.new_page()
            camera.add_init_script(STILL_CAMERA)
            start_camera(camera, hub)
            token = hub.sign_in()
            device = hub.call("GET", "/devices", token=token)[1][0]["device_id"]
            started = hub.call("POST", "/notifications/telegram/link/start", {"device_id": device}, token)[1]
            bot.user_sends(5, started["fallback_command"])
            hub.call("GET", f"/notifications/telegram/link/status?device_id={device}&attempt_id={started['attempt_id']}", token=token)
            for count in range(1, 6):
                camera.wait_for_timeout(1500)
                camera.get_by_role("button", name="Record now").click()
                deadline = time.monotonic() + 90
                while sum(m.method == "sendVideo" for m in bot.messages) < count and time.monotonic() < deadline:
                    camera.wait_for_timeout(20)
            sent = [m.at for m in bot.messages if m.method == "sendVideo"]
            events = sorted(hub.call("GET", "/events", token=token)[1], key=lambda event: event["triggered_at"])
        finally:
            browser.close()
            hub.stop()
            bot.stop()
    def moment(iso: str) -> float:
        return datetime.fromisoformat(iso).timestamp()
    after = [at - moment(event["started_at"]) - event["duration_seconds"] for at, event in zip(sent, events)]
    result = {"alerts": len(after), "clip_seconds": median([e["duration_seconds"] for e in events]), "median_s": median(after), "max_s": max(after)}
    print(f"clip's end to sendVideo  {result['alerts']} alerts of {result['clip_seconds']:.1f} s   median {result['median_s']:.2f} s   max {result['max_s']:.2f} s", flush=True)
    return result


# Work through the pipeline


class Watched:
    """A hub with a camera that watches."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.hub = Hub(folder / "data", BACKLOG_LIMIT="1000000", LOG_LEVEL="warning", **environment).start()
        self.token = self.hub.sign_in()
        self.device = self.call("POST", "/devices/register", {"label": "Hall"})["device_id"]
        self.session = self.call("POST", "/sessions/start", {"device_id": self.device})["session_id"]

    def call(self, method: str, path: str, body: object = None, **more):
        status, answer, _ = self.hub.call(method, path, body, self.token, **more)
        assert status in (200, 204), answer
        return answer

    def declaration(self, **more) -> dict:
        return {"session_id": self.session, "device_id": self.device, "trigger_type": "motion", "duration_seconds": 1,
                "clip_mime": "video/mp4", "clip_size_bytes": 1, **more}

    def until_idle(self) -> None:
        while any(self.call("GET", f"/events?limit=1&status={state}") for state in ("recording", "uploaded", "queued", "processing")):
            time.sleep(0.02)
        assert not self.call("GET", "/events?limit=1&status=failed")


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


# What a durable acknowledgement costs


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


PARTS = {"relay": relay, "glass": glass, "alert": alert, "jobs": jobs, "ack": ack}


def main() -> None:
    results = {name: PARTS[name]() for name in sys.argv[1:] or PARTS}
    (ROOT / "Benchmarks" / "results.json").write_text(json.dumps(results, indent=1) + "\n")


main()
