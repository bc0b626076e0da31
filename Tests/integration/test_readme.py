"""The README's requests run as they are written."""

from __future__ import annotations

import os
import re
import subprocess

from conftest import ROOT
from system import MEDIA


def test_every_request_of_the_readme_succeeds(hub, clip):
    section = (ROOT / "README.md").read_text().split("\n## API\n")[1].split("\n## ")[0]
    script = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.S))
    documented = len(re.findall(r"\bcurl ", script))
    assert documented > 20
    environment = {
        "PATH": os.environ["PATH"], "HUB": hub.url, "CLIP": str(MEDIA / "webcam-person.mkv"), "SECONDS_LONG": "3",
        "WEBHOOK_SECRET": "hook-secret",
    }
    result = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr + result.stdout
    assert re.search(r"\D206\n", result.stdout) and '"The postman."' in result.stdout and '"status":"failed"' not in result.stdout
    assert "null" not in re.findall(r'"attempt_id":("[^"]*"|null)', result.stdout)


def test_every_route_of_the_documentation_is_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    for method, path in re.findall(r"^\| `(GET|POST|PUT|PATCH|DELETE) ([^`?]+)`", (ROOT / "docs/API.md").read_text(), re.M):
        pattern = re.sub(r"\\\{[^}]*\\\}", r"[^ ?]+", re.escape(path))
        if path.startswith("/media") or "upload" in path:
            continue
        assert re.search(pattern, readme), f"{method} {path}"
