"""Starting, stopping and misconfiguring `pingwatch`."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from system import ROOT, Hub


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    binary = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))
    return subprocess.run(
        [binary, *arguments], env={"PATH": os.environ["PATH"], **environment}, cwd=ROOT, capture_output=True, text=True, timeout=20
    )


def test_all_mistakes_are_told_at_once_each_with_its_variable():
    result = run(
        "serve", "--port", "99999", "--nonsense", PORT="x", AUTH_REQUIRED="maybe", LOG_LEVEL="loud", TELEGRAM_API_BASE_URL="ftp://x",
        DATABASE_URL="mysql://x", AUTH_TOKEN_TTL_SECONDS="soon", HOST="hub.example.org", NOTIFICATION_TIMEOUT_SECONDS="0",
    )
    assert result.returncode == 78 and result.stdout == ""
    lines = result.stderr.strip().splitlines()
    for name in ["--port", "--nonsense", "PORT", "AUTH_REQUIRED", "LOG_LEVEL", "TELEGRAM_API_BASE_URL", "DATABASE_URL",
                 "AUTH_TOKEN_TTL_SECONDS", "HOST", "NOTIFICATION_TIMEOUT_SECONDS"]:
        assert any(line.startswith(f"{name}:") for line in lines), name


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(tmp_path, number):
    hub = Hub(tmp_path).start()
    hub.sign_in()
    assert hub.stop(number) == 0
    assert '"message":"stopped"' in "".join(hub.log)


def test_a_port_that_is_taken_is_a_clear_error(tmp_path, hub):
    result = run("serve", "--port", str(hub.port), "--data-dir", str(tmp_path))
    assert result.returncode == 1 and str(hub.port) in result.stderr


def test_a_data_folder_that_cannot_be_is_a_clear_error():
    result = run("serve", "--port", "0", "--data-dir", "/proc/nowhere")
    assert result.returncode == 1 and "/proc/nowhere" in result.stderr


def test_a_damaged_database_is_a_clear_error_and_left_alone(tmp_path):
    (tmp_path / "pingwatch.db").write_bytes(b"no database" * 1000)
    result = run("serve", "--port", "0", "--data-dir", str(tmp_path))
    assert result.returncode == 1 and "pingwatch.db" in result.stderr
    assert (tmp_path / "pingwatch.db").read_bytes() == b"no database" * 1000


def test_a_restart_keeps_everything_even_after_a_kill(tmp_path):
    hub = Hub(tmp_path).start()
    token = hub.sign_in()
    _, device, _ = hub.call("POST", "/devices/register", {"label": "Hall"}, token)
    hub.stop(signal.SIGKILL)
    hub.start()
    _, devices, _ = hub.call("GET", "/devices", token=token)
    assert [d["device_id"] for d in devices] == [device["device_id"]]
    hub.stop()


def test_without_required_auth_everybody_is_the_local_account(tmp_path):
    hub = Hub(tmp_path, AUTH_REQUIRED="false").start()
    assert hub.call("GET", "/auth/me")[1]["email"] == "local"
    assert hub.call("POST", "/devices/register", {"label": "Hall"})[0] == 200
    assert hub.call("GET", "/devices", token="wrong")[0] == 401
    hub.stop()


def test_signing_in_by_address_is_off_unless_asked_for(tmp_path):
    hub = Hub(tmp_path, AUTH_DEV_LOGIN_ENABLED="false").start()
    assert hub.call("POST", "/auth/dev/login", {"email": "a@b.c"})[0] == 404
    hub.stop()


def test_nothing_private_is_in_the_log(hub):
    token = hub.sign_in("secret.person@example.org")
    hub.call("POST", "/devices/register", {"label": "Bedroom of somebody"}, token)
    text = "".join(hub.log)
    for private in [token, "secret.person", "Bedroom", hub.environment["TELEGRAM_BOT_TOKEN"]]:
        assert private not in text
    assert (hub.data / "pingwatch.db").read_bytes().find(token.encode()) < 0


def test_version_and_help():
    assert run("version").stdout.startswith("pingwatch ")
    assert "serve" in run("help").stdout
    assert run("nonsense").returncode == 64
