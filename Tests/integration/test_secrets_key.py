"""Secrets of one-time codes are encrypted in the database, by a key that is not there."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import time

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from getting_in import CHEAP, PASSWORD, audit, code, me, ok, pingwatch, refused, sign_in, sign_up, step
from people import rows, write
from system import ROOT, Hub

OPEN = {"AUTH_SIGN_UP": "open", **CHEAP}
KEY = base64.b64encode(bytes(range(32))).decode()


def with_codes(hub: Hub) -> dict:
    session = sign_up(hub)
    secret = ok(hub, "/auth/totp/start", {"password": PASSWORD}, session["access_token"])["secret"]
    used = step()
    ok(hub, "/auth/totp/confirm", {"code": code(secret, used)}, session["access_token"])
    return {**session, "secret": secret, "step": used}


def signs_in(hub: Hub, session: dict) -> bool:
    """By a code that was not used yet: of now, or the next one, which is good already. So once a test."""
    session["step"] = max(session["step"] + 1, step())
    return sign_in(hub, session["email"], totp=code(session["secret"], session["step"]))[0] == 200


def logged(hub: Hub, text: str) -> None:
    until = time.monotonic() + 10
    while not any(text in line for line in list(hub.log)):
        assert time.monotonic() < until, hub.log[-5:]
        time.sleep(0.02)


def stored(hub: Hub, session: dict) -> str:
    (text,), = rows(hub, "SELECT totp_secret FROM users WHERE id = ?", session["user_id"])
    return text


def serve(data, **environment: str) -> subprocess.CompletedProcess:
    """A start that is to fail."""
    binary = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))
    return subprocess.run(
        [binary, "serve", "--port", "0", "--data-dir", str(data)], env={"PATH": os.environ["PATH"], **environment}, cwd=ROOT, capture_output=True,
        text=True, timeout=60)


def test_secrets_are_encrypted_in_the_database(start):
    hub = start(**OPEN)
    file = hub.data / "secrets.key"
    assert file.stat().st_mode & 0o777 == 0o600
    session = with_codes(hub)
    for part in hub.data.glob("pingwatch.db*"):
        assert session["secret"].encode() not in part.read_bytes(), part
    # Another implementation reads it, with the key and the person alone.
    key, sealed = (base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) for text in (file.read_text().strip(), stored(hub, session)[5:]))
    assert len(key) == 32 and AESGCM(key).decrypt(sealed[:12], sealed[12:], f"totp:{session['user_id']}".encode()).decode() == session["secret"]
    before = file.read_bytes()
    assert hub.stop() == 0
    hub.start()
    assert signs_in(hub, session) and file.read_bytes() == before
    assert file.read_text().strip() not in "".join(hub.log)


def test_secrets_of_before_are_encrypted_at_the_next_start(start):
    hub = start(**OPEN)
    session = with_codes(hub)
    assert hub.stop() == 0
    # As a hub of before has left it.
    (hub.data / "secrets.key").unlink()
    write(hub, "DELETE FROM settings WHERE name = 'secrets.check'")
    write(hub, "UPDATE users SET totp_secret = ?", session["secret"])
    hub.start()
    assert stored(hub, session).startswith("gcm1.") and session["secret"] not in stored(hub, session)
    assert signs_in(hub, session)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_without_the_right_key_a_hub_does_not_start_and_says_why(start, request, database):
    more = {"DATABASE_URL": request.getfixturevalue("postgres").url("sealed")} if database == "postgres" else {}
    hub = start(**OPEN, **more)
    session = with_codes(hub)
    assert hub.stop() == 0
    file = hub.data / "secrets.key"
    key = file.read_bytes()
    file.unlink()
    result = serve(hub.data, **hub.environment)
    assert result.returncode == 78 and result.stderr.startswith("SECRETS_KEY: the database holds secrets") and str(file) in result.stderr
    # None is made in its place.
    assert not file.exists()
    result = serve(hub.data, **hub.environment, SECRETS_KEY=KEY)
    assert result.returncode == 78 and result.stderr.startswith("SECRETS_KEY: it is not the key") and KEY not in result.stderr
    for content, words in [(KEY.encode(), "is not the key"), (b"short\n", "holds no key"), (b"", "is empty")]:
        file.write_bytes(content)
        result = serve(hub.data, **hub.environment)
        assert result.returncode == 78 and result.stderr.startswith("DATA_DIR: ") and words in result.stderr and KEY not in result.stderr
    file.write_bytes(key)
    hub.start()
    assert signs_in(hub, session)


def test_a_lost_key_costs_the_codes_and_nothing_else(start):
    hub = start(**OPEN)
    session, other = with_codes(hub), sign_up(hub)
    assert hub.stop() == 0
    (hub.data / "secrets.key").unlink()
    assert serve(hub.data, **hub.environment).returncode == 78
    printed = pingwatch(hub, "user", "forget-codes")
    assert session["email"] in printed and other["email"] not in printed
    hub.start()
    status, again, _ = sign_in(hub, session["email"])
    assert status == 200 and me(hub, again)["totp"] is False
    entry, = (entry for entry in audit(hub, again) if entry["action"] == "totp.off")
    assert entry["actor"]["kind"] == "operator" and session["email"] in entry["detail"]
    with_codes(hub)


def test_a_key_that_nothing_needs_any_more_may_be_another_one(start):
    hub = start(**OPEN)
    session = sign_up(hub)
    assert hub.stop() == 0
    (hub.data / "secrets.key").unlink()
    hub.environment["SECRETS_KEY"] = KEY
    hub.start()
    assert not (hub.data / "secrets.key").exists() and sign_in(hub, session["email"])[0] == 200


def test_hubs_that_share_a_database_share_the_key(start, postgres, tmp_path):
    url = postgres.url("keys")
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    first, second = start(DATABASE_URL=url, SECRETS_KEY=KEY, **OPEN), start(DATABASE_URL=url, SECRETS_KEY_FILE=str(file), **OPEN)
    session = with_codes(first)
    assert signs_in(second, session)
    # Who comes with a folder of their own is told, and changes nothing.
    result = serve(tmp_path, DATABASE_URL=url, **OPEN)
    assert result.returncode == 78 and result.stderr.startswith("SECRETS_KEY: ")
    assert sign_in(first, session["email"])[1]["error"]["code"] == "totp_required"


def test_another_key_is_noticed_before_somebody_is_locked_out(start, postgres):
    """Nobody used codes when a second hub came with another key: the first one no longer seals."""
    url = postgres.url("two")
    first = start(DATABASE_URL=url, **OPEN)
    second = start(DATABASE_URL=url, **OPEN)
    session = sign_up(first)
    assert refused(first, "/auth/totp/start", {"password": PASSWORD}, session["access_token"])[0] == 500
    logged(first, "another SECRETS_KEY")
    assert me(first, session)["totp"] is False
    with_codes(second)


def test_a_secret_that_cannot_be_read_is_not_called_a_wrong_code(start):
    hub = start(**OPEN)
    session, other = with_codes(hub), with_codes(hub)
    # Somebody puts one's own secret in the place of another's.
    write(hub, "UPDATE users SET totp_secret = ? WHERE id = ?", stored(hub, other), session["user_id"])
    assert sign_in(hub, session["email"], totp=code(other["secret"], step()))[0] == 500
    logged(hub, "cannot be read")
    assert session["email"] not in "".join(hub.log)
    # The operator can let them in all the same.
    pingwatch(hub, "user", "link", session["email"], "--disable-codes")
    assert sign_in(hub, session["email"])[0] == 200


@pytest.mark.parametrize(
    "key", ["short", KEY + "AAAA", "no key at all", base64.b64encode(secrets.token_bytes(31)).decode()], ids=["short", "long", "no base 64", "31 bytes"])
def test_what_is_no_key_is_named(tmp_path, key):
    result = serve(tmp_path, SECRETS_KEY=key)
    assert result.returncode == 78 and result.stderr.startswith("SECRETS_KEY: ") and key not in result.stderr
