"""A Chromium of its own, to and from which Playwright connects and leaves, as it makes hidden pages look shown."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import urllib.request
from pathlib import Path

from system import CHROMIUM


class Chromium:
    def __init__(self, folder: Path, args: list[str]) -> None:
        profile = f"--user-data-dir={folder / 'chromium'}"
        self.command = [CHROMIUM, "--headless=new", "--remote-debugging-port=0", profile, "--no-first-run", *args, "about:blank"]

    def __enter__(self) -> "Chromium":
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if match := re.search(r"DevTools listening on ws://([^/]+)/", line):
                self.url = f"http://{match[1]}"
                break
        else:
            raise RuntimeError(f"Chromium did not start: {''.join(said)}")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(15)

    def open_tab(self, url: str) -> str:
        """In front of all others."""
        return json.loads(self._call("PUT", f"/json/new?{url}"))["id"]

    def close_tab(self, tab: str) -> None:
        self._call("GET", f"/json/close/{tab}")

    def _call(self, method: str, path: str) -> str:
        with urllib.request.urlopen(urllib.request.Request(self.url + path, method=method), timeout=30) as response:
            return response.read().decode()
