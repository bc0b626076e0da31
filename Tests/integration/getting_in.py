"""What tests of signing in have in common."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct
import subprocess
import time
import uuid

from system import ROOT, Hub

# Cheap hashes: tests sign in all the time.
CHEAP = {"PASSWORD_HASH_MEMORY_KIB": "1024", "PASSWORD_HASH_PASSES": "1"}
PASSWORD = "correct horse battery"
OTHER_PASSWORD = "a purple stapler sings"


def address() -> str:
    return f"{uuid.uuid4()}@example.org"


def ask(hub, path: str, body: dict | None = None, token: str | None = None, method: str = "POST", **more):
    status, answer, headers = hub.call(method, path, body, token, **more)
    return status, answer, headers


def ok(hub, path: str, body: dict | None = None, token: str | None = None, method: str = "POST", expected: int = 200):
    status, answer, _ = hub.call(method, path, body, token)
    assert status == expected, answer
    return answer


def refused(hub, path: str, body: dict | None = None, token: str | None = None, method: str = "POST") -> tuple[int, str]:
    status, answer, _ = hub.call(method, path, body, token)
    return status, answer["error"]["code"]


def sign_up(hub, email: str | None = None, password: str = PASSWORD, **more) -> dict:
    """Of a hub without mail that anybody may sign up to."""
    email = email or address()
    return {**ok(hub, "/auth/sign-up", {"email": email, "password": password, **more}), "email": email}


def sign_in(hub, email: str, password: str = PASSWORD, **more):
    return ask(hub, "/auth/sign-in", {"email": email, "password": password, **more})


def me(hub, session: dict) -> dict:
    return ok(hub, "/auth/me", token=session["access_token"], method="GET")


def audit(hub, session: dict) -> list[dict]:
    return ok(hub, "/account/audit", token=session["access_token"], method="GET")


def pingwatch(hub: Hub, *arguments: str, status: int = 0, **environment: str) -> str:
    """What another command prints, with the hub's own variables, or says of why it does not."""
    binary = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))
    result = subprocess.run(
        [binary, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(hub.data), "PORT": str(hub.port), **hub.environment, **environment})
    assert result.returncode == status, result.stderr
    return result.stdout if status == 0 else result.stderr


def code(secret: str, step: int) -> str:
    """RFC 6238, apart from the hub's own."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", step), hashlib.sha1)
    offset = mac[19] & 15
    return f"{(struct.unpack('>I', mac[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def step() -> int:
    return int(time.time()) // 30
