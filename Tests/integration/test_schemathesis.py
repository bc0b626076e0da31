"""The hub does what /openapi.json says of it, whatever it is sent: schemathesis with all its checks (schemathesis.toml says what is not usual)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import botapi

HERE = Path(__file__).parent
# Test cases for each operation in the phases that make them up; what is tried systematically comes in addition.
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "10")
METRICS = "schemathesis-metrics-token"
SECRET = "schemathesis-hook-secret"
# Somebody else, whose sign-ins are ended.
LEAVER = "leaver@example.org"


# What a database refuses, the other one may take.
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_the_hub_keeps_to_its_description(start, enrol, telegram, small, tmp_path, request, database):
    at = {"DATABASE_URL": request.getfixturevalue("postgres").url("described")} if database == "postgres" else {}
    hub = start(
        **at,
        METRICS_TOKEN=METRICS, TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=telegram.url, TELEGRAM_WEBHOOK_SECRET=SECRET,
        # Nobody answers there.
        SMTP_URL="smtp://127.0.0.1:1?from=camera@example.org&tls=off")
    account = enrol(hub)
    account.post("/notifications/targets", {"device_id": account.device, "channel": "email"})
    event = uploaded(account, small)
    _, leaver, _ = hub.call("POST", "/auth/dev/login", {"email": LEAVER})
    job = account.get(f"/jobs?event_id={event['event_id']}&work=process")[0]
    known = {
        "url": hub.url, "token": account.token, "metrics": METRICS, "telegram": SECRET, "poster": event["poster_url"],
        "leaver": LEAVER,
        "removable": {
            "/devices/{id}": account.post("/devices/register", {"label": "Shed"})["device_id"], "/events/{id}": uploaded(account, small)["event_id"],
        },
        # What a field of that name may be, so that more is met than 404.
        "ids": {
            "device_id": account.device, "session_id": account.session, "event_id": event["event_id"], "job_id": job["job_id"],
            "attempt_id": account.post("/notifications/telegram/link/start", {"device_id": account.device})["attempt_id"],
            "account_id": leaver["account_id"],
        },
    }
    environment = {
        **os.environ, "PINGWATCH_KNOWN": json.dumps(known), "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE),
    }
    # From a file: it leaves out where it has the description from.
    description = account.get("/openapi.json")
    (tmp_path / "openapi.json").write_text(json.dumps(description))
    command = [
        str(Path(sys.executable).parent / "st"), "--no-color", "--config-file", str(HERE / "schemathesis.toml"), "run", "openapi.json", "--url", hub.url,
        "--continue-on-failure", "--max-examples", EXAMPLES,
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=3000)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    # Nothing was left out for want of a description.
    operations = sum(len(methods) for methods in description["paths"].values())
    found = re.search(r"Selected: (\d+)/(\d+)\n +Tested: (\d+)\n", done.stdout)
    assert found and {int(count) for count in found.groups()} == {operations}
    assert hub.stop() == 0
    assert not [line for line in hub.log if '"level":"error"' in line]


def uploaded(account, small) -> dict:
    """An event with a clip and a picture."""
    event = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=len(small.file)))["event"]["event_id"]
    status, answer, _ = account.call("PUT", f"/events/{event}/upload", raw=small.file)
    assert status == 200, answer
    account.post(f"/events/{event}/upload/finalize")
    end = time.monotonic() + 20
    while not (made := account.get(f"/events/{event}"))["poster_url"]:
        assert time.monotonic() < end, made
        time.sleep(0.05)
    return made
