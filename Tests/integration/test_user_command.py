"""`pingwatch user`: what an operator does for people whom no mail can help, beside a hub that runs."""

from __future__ import annotations

import re

import pytest
from getting_in import CHEAP, OTHER_PASSWORD, PASSWORD, address, audit, code, me, ok, pingwatch, refused, sign_in, sign_up, step
from people import rows, write
from system import Hub


def link(hub: Hub, email: str, *options: str, **environment: str) -> str:
    """The secret of the link that it prints."""
    printed = pingwatch(hub, "user", "link", email, *options, **environment)
    found = re.search(r"^(\S+)/#/reset/([\w-]{43})$", printed, re.MULTILINE)
    assert found and found[1] == environment.get("PUBLIC_URL", hub.url), printed
    return found[2]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def hub(start, request) -> Hub:
    database = {"DATABASE_URL": request.getfixturevalue("postgres").url("people")} if request.param == "postgres" else {}
    return start(AUTH_SIGN_UP="open", **CHEAP, **database)


def test_who_is_locked_out_gets_in_by_a_link_of_the_operator(hub):
    session = sign_up(hub)
    email = session["email"]
    token, other = link(hub, email.upper()), link(hub, email, PUBLIC_URL="https://hub.example.org")
    # Nothing has changed yet.
    assert me(hub, session)["email"] == email and sign_in(hub, email)[0] == 200
    assert refused(hub, "/auth/email/verify", {"token": token, "password": PASSWORD}) == (404, "link_expired")
    ok(hub, "/auth/password/reset", {"token": token, "password": OTHER_PASSWORD}, expected=204)
    assert refused(hub, "/auth/me", token=session["access_token"], method="GET") == (401, "invalid_token")
    assert sign_in(hub, email)[0] == 401
    status, again, _ = sign_in(hub, email, OTHER_PASSWORD)
    assert status == 200
    for used in (token, other):
        assert refused(hub, "/auth/password/reset", {"token": used, "password": PASSWORD}) == (404, "link_expired")
    # The operator handed it to somebody, not to the mailbox.
    assert me(hub, again)["verified"] is False
    entries = audit(hub, again)
    made = [entry for entry in entries if entry["action"] == "password.link_made"]
    assert [(entry["actor"], entry["subject"], entry["address"]) for entry in made] == [({"kind": "operator", "id": None, "name": None}, email, None)] * 2
    assert all(email in entry["detail"] for entry in made)
    reset, = (entry for entry in entries if entry["action"] == "password.reset")
    assert "operator" in reset["detail"] and reset["actor"]["name"] == email
    assert not any(secret in str(entries) + "".join(hub.log) for secret in (token, other))


def test_who_only_ever_signed_in_for_development_gets_a_password(hub):
    email = address()
    session = ok(hub, "/auth/dev/login", {"email": email})
    assert me(hub, session)["has_password"] is False
    ok(hub, "/auth/password/reset", {"token": link(hub, email), "password": PASSWORD}, expected=204)
    status, again, _ = sign_in(hub, email)
    assert status == 200 and again["user_id"] == session["user_id"] and again["account_id"] == session["account_id"]


def test_a_lost_second_factor_is_taken_away(hub):
    session = sign_up(hub)
    email, token = session["email"], session["access_token"]
    secret = ok(hub, "/auth/totp/start", {"password": PASSWORD}, token)["secret"]
    ok(hub, "/auth/totp/confirm", {"code": code(secret, step())}, token)
    # A link alone is not the second factor.
    printed = pingwatch(hub, "user", "link", email)
    assert "--disable-codes" in printed
    ok(hub, "/auth/password/reset", {"token": re.search(r"/reset/([\w-]+)", printed)[1], "password": OTHER_PASSWORD}, expected=204)
    assert sign_in(hub, email, OTHER_PASSWORD)[1]["error"]["code"] == "totp_required"
    assert "codes of an app are not asked for any more" in pingwatch(hub, "user", "link", email, "--disable-codes")
    status, again, _ = sign_in(hub, email, OTHER_PASSWORD)
    assert status == 200 and me(hub, again)["totp"] is False
    assert [entry["actor"]["kind"] for entry in audit(hub, again) if entry["action"] == "totp.off"] == ["operator"]
    # Where there are none it says nothing of them, and records nothing.
    assert "codes" not in pingwatch(hub, "user", "link", email, "--disable-codes")
    assert len([entry for entry in audit(hub, again) if entry["action"] == "totp.off"]) == 1


def test_everybody_is_listed_without_secrets(hub):
    session, email = sign_up(hub, name="Ann"), address()
    ok(hub, "/auth/dev/login", {"email": email})
    lines = pingwatch(hub, "user", "list").splitlines()
    assert f"user {session['email']}  password set  codes off" in lines and f"user {email}  password none  codes off" in lines
    owner = lines[lines.index(f"user {session['email']}  password set  codes off") + 1]
    assert owner == f"  owner of account {session['account_id']}  Ann"
    assert not any("argon2" in line for line in lines)


def test_a_name_writes_nothing_else_to_the_terminal(start):
    hub = start(AUTH_SIGN_UP="open", **CHEAP)
    session = sign_up(hub)
    # Names of before had line breaks.
    assert write(hub, "UPDATE accounts SET name = ? WHERE id = ?", "Home\nuser nobody@example.org\u009b31m", session["account_id"]) == 1
    lines = pingwatch(hub, "user", "list").splitlines()
    assert f"  owner of account {session['account_id']}  Home\ufffduser nobody@example.org\ufffd31m" in lines


def test_nobody_is_a_clear_error(hub):
    for email in ("stranger@example.org", "no address", "local"):
        assert f"there is nobody with the address {email}" in pingwatch(hub, "user", "link", email, status=1)
    for arguments in (("user",), ("user", "link"), ("user", "remove", "a@b.c")):
        assert "usage: pingwatch" in pingwatch(hub, *arguments, status=64)
    assert "--nonsense" in pingwatch(hub, "user", "link", "a@b.c", "--nonsense", status=78)


def test_the_account_of_a_hub_without_sign_in_has_no_link(start):
    hub = start(AUTH_REQUIRED="false")
    assert hub.call("GET", "/auth/me")[1]["email"] == "local"
    assert "local is no address to sign in with" in pingwatch(hub, "user", "link", "local", status=1)


def test_a_link_needs_to_lead_somewhere_and_ends(start):
    hub = start(AUTH_SIGN_UP="open", **CHEAP)
    email = sign_up(hub)["email"]
    assert pingwatch(hub, "user", "link", email, "--port", "0", status=78).startswith("PORT:")
    token = link(hub, email)
    (made, ends), = rows(hub, "SELECT created_at, expires_at FROM mailed_links")
    assert ends - made == 30 * 60_000
    write(hub, "UPDATE mailed_links SET expires_at = 1")
    assert refused(hub, "/auth/password/reset", {"token": token, "password": OTHER_PASSWORD}) == (404, "link_expired")
