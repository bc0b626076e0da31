"""A hub and cameras of its own for tests, demo and benchmarks."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEDIA = ROOT.parent / "shared" / "media"
CHROMIUM = "/usr/bin/chromium"
BROWSER_ARGS = ["--no-sandbox", "--disable-dev-shm-usage"]


# Cameras of tests come and go: nobody is told of it where that is not what is tested.
UNWATCHED = {"OFFLINE_SECONDS": "0", "ATTENTION_SECONDS": "0"}
# Tests that run for hours sign in once. On a busy machine the end takes its time: as long as `stop` waits.
PATIENT = {"AUTH_TOKEN_TTL_SECONDS": "86400", "STOP_SECONDS": "14"}


class Hub:
    """`pingwatch serve` on a port of its own, which it keeps over restarts."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.environment = environment
        self.port = 0
        self.process: subprocess.Popen | None = None
        self.log: list[str] = []
        # What it prints, from its second line on.
        self.printed: list[str] = []

    def start(self) -> "Hub":
        binary = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))
        variables = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LD_LIBRARY_PATH")}
        self.printed = []
        self.process = subprocess.Popen(
            [binary, "serve", "--port", str(self.port), "--data-dir", str(self.data)],
            cwd=ROOT, env={**variables, "AUTH_DEV_LOGIN_ENABLED": "true", **UNWATCHED, **PATIENT, **self.environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self._logging = threading.Thread(target=self._read, args=(self.process.stderr, self.log), daemon=True)
        self._logging.start()
        line = self.process.stdout.readline()
        match = re.search(r"listens on https?://[^:]+:(\d+)", line)
        if not match:
            self.process.wait(10)
            self._logging.join(10)
            raise RuntimeError(f"the hub did not start: {line!r} {''.join(self.log)}")
        self.port = int(match[1])
        threading.Thread(target=self._read, args=(self.process.stdout, self.printed), daemon=True).start()
        return self

    def note(self, pattern: str, seconds: float = 10) -> re.Match:
        """Of the lines that it prints at start, behind the first: the one in which this is found."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := next(filter(None, (re.search(pattern, line) for line in list(self.printed))), None):
                return found
            time.sleep(0.02)
        raise AssertionError(f"the hub printed nothing like {pattern}: {self.printed}")

    @staticmethod
    def _read(stream, lines: list[str]) -> None:
        for line in stream:
            lines.append(line)

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        status = self.process.wait(15)
        # What it said last is of the log as well.
        self._logging.join(10)
        self.process = None
        return status

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/connection/websocket"

    def call(self, method: str, path: str, body: object = None, token: str | None = None, raw: bytes | None = None,
             headers: dict[str, str] | None = None) -> tuple[int, object, dict[str, str]]:
        """Status, parsed JSON (or bytes), headers."""
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=dict(headers or {}))
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, content(response), {k.lower(): v for k, v in response.headers.items()}
        except urllib.error.HTTPError as error:
            return error.code, content(error), {k.lower(): v for k, v in error.headers.items()}

    def sign_in(self, email: str = "me@example.org") -> str:
        status, answer, _ = self.call("POST", "/auth/dev/login", {"email": email})
        assert status == 200, answer
        return answer["access_token"]


def content(response) -> object:
    data = response.read()
    if response.headers.get("Content-Type", "").startswith("application/json"):
        return json.loads(data)
    return data


def camera_file(video: Path, folder: Path, *parts: tuple[float, float]) -> Path:
    """Parts of the video, in seconds, or all of it, as Chromium's fake camera wants it: MJPEG, which it plays at 30 pictures a second."""
    target = folder / "camera.mjpeg"
    cuts = "".join(f"[0:v]trim={start}:{end},setpts=PTS-STARTPTS[part{number}];" for number, (start, end) in enumerate(parts))
    inputs = "".join(f"[part{number}]" for number in range(len(parts)))
    filters = f"{cuts}{inputs}concat=n={len(parts)}," if parts else "[0:v]"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", str(video), "-an", "-filter_complex", f"{filters}fps=30,scale='min(640,iw)':-2",
         "-c:v", "mjpeg", "-q:v", "4", str(target)],
        check=True,
    )
    return target


def camera_args(mjpeg: Path) -> list[str]:
    """A room with a person in it, which is quiet: the microphone that Chromium makes up beeps."""
    quiet = mjpeg.with_suffix(".wav")
    if not quiet.exists():
        source = ["-f", "lavfi", "-i", "anoisesrc=amplitude=0.0005:duration=10:seed=1:sample_rate=48000"]
        subprocess.run(["ffmpeg", "-v", "error", "-y", *source, str(quiet)], check=True)
    return [
        *BROWSER_ARGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={mjpeg}", f"--use-file-for-fake-audio-capture={quiet}",
    ]


def probe(path: Path) -> dict:
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)], check=True, capture_output=True, text=True
    )
    return json.loads(out.stdout)
