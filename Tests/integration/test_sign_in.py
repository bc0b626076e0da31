"""People: the first one, signing up and in by password, codes of an app, and how guessing is slowed down."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from getting_in import CHEAP, OTHER_PASSWORD, PASSWORD, address, ask, audit, code, me, ok, refused, sign_in, sign_up, step
from system import Hub
from watching import until

NO_DEV = {"AUTH_DEV_LOGIN_ENABLED": "false", **CHEAP}


@pytest.fixture(scope="module")
def hub(start) -> Hub:
    return start(AUTH_SIGN_UP="open", **NO_DEV)


@pytest.fixture
def fresh(start) -> Hub:
    """One on which nobody is slowed down yet."""
    return start(AUTH_SIGN_UP="open", **NO_DEV)


def set_up_secret(hub: Hub) -> str:
    return hub.note(r"/#/setup/([\w-]{43})")[1]


def test_the_first_start_prints_a_link_and_whoever_opens_it_owns_the_hub(start):
    hub = start(**NO_DEV)
    secret = set_up_secret(hub)
    assert ok(hub, "/auth/config", method="GET") == {
        "setup_required": True, "sign_up": "invitation", "dev_login": False, "mail": False, "password_minimum": 8, "oidc": None}
    wanted = {"email": "Owner@Example.org", "password": PASSWORD, "name": "Ann", "account_name": "Home"}
    assert refused(hub, "/auth/setup", {**wanted, "secret": "x" * 43}) == (404, "not_found")
    assert refused(hub, "/auth/setup", {**wanted, "secret": secret, "password": "password1"})[0] == 400
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: ask(hub, "/auth/setup", {**wanted, "secret": secret, "email": f"o{n}@example.org"}), range(4)))
    assert sorted(status for status, _, _ in answers) == [200, 404, 404, 404]
    session, = (answer for status, answer, _ in answers if status == 200)
    assert session["role"] == "owner"
    profile = me(hub, session)
    assert (profile["name"], profile["account_name"], profile["has_password"], profile["verified"], profile["totp"]) == ("Ann", "Home", True, False, False)
    assert refused(hub, "/auth/setup", {**wanted, "secret": secret}) == (404, "setup_done")
    assert ok(hub, "/auth/config", method="GET")["setup_required"] is False
    assert [entry["action"] for entry in audit(hub, session)] == ["sign_in.begun"]


def test_each_start_without_people_has_another_secret(start):
    hub = start(**NO_DEV)
    old = set_up_secret(hub)
    assert hub.stop() == 0
    hub.start()
    new = set_up_secret(hub)
    assert new != old
    wanted = {"email": "o@example.org", "password": PASSWORD}
    assert refused(hub, "/auth/setup", {**wanted, "secret": old}) == (404, "not_found")
    ok(hub, "/auth/setup", {**wanted, "secret": new})
    assert not any(new in line for line in hub.log)
    assert hub.stop() == 0
    hub.start()
    assert refused(hub, "/auth/setup", {**wanted, "secret": new}) == (404, "setup_done")


def test_who_may_sign_up(start, hub):
    invited = start(**NO_DEV)
    closed = start(AUTH_SIGN_UP="closed", **NO_DEV)
    body = {"email": address(), "password": PASSWORD}
    assert refused(invited, "/auth/sign-up", body) == (403, "sign_up_closed")
    assert refused(invited, "/auth/sign-up", {**body, "invitation": "nothing"}) == (404, "link_expired")
    assert refused(closed, "/auth/sign-up", {**body, "invitation": "nothing"}) == (403, "sign_up_closed")
    session = sign_up(hub)
    assert refused(hub, "/auth/sign-up", {"email": session["email"].upper(), "password": PASSWORD}) == (409, "email_taken")
    assert me(hub, session)["role"] == "owner"


def test_an_invitation_makes_a_member_and_no_account(hub):
    owner, guest = sign_up(hub), address()
    invitation = ok(hub, "/account/invitations", {"role": "viewer", "email": guest}, owner["access_token"])["url"].split("/")[-1]
    body = {"password": PASSWORD, "invitation": invitation}
    assert refused(hub, "/auth/sign-up", {**body, "email": address()}) == (403, "other_address")
    session = ok(hub, "/auth/sign-up", {**body, "email": guest})
    assert (session["account_id"], session["role"]) == (owner["account_id"], "viewer")
    assert len(me(hub, session)["accounts"]) == 1
    assert "invitation.accepted" in [entry["action"] for entry in audit(hub, owner)]
    assert refused(hub, "/auth/sign-up", {**body, "email": address()}) == (404, "link_expired")


@pytest.mark.parametrize("password", ["short", "password123", "aaaaaaaaaaaa", "qwertyuiop", "x" * 129])
def test_passwords_that_somebody_would_guess_are_refused(hub, password):
    status, answer, _ = ask(hub, "/auth/sign-up", {"email": address(), "password": password})
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (400, "invalid_field", "password")


def test_a_password_is_taken_as_it_was_typed(hub):
    password = " ünïcode   with spaces 🗝 "
    email = sign_up(hub, password=password)["email"]
    assert sign_in(hub, email, password)[0] == 200
    assert sign_in(hub, email, password.strip())[0] == 401


def test_an_unknown_address_and_a_wrong_password_look_the_same(hub):
    email = sign_up(hub)["email"]
    wrong, unknown = sign_in(hub, email, "nothing like it"), sign_in(hub, address(), "nothing like it")
    assert wrong[:2] == unknown[:2] == (401, {"error": {"code": "invalid_credentials", "message": "the e-mail address or the password is wrong"}})


def test_guessing_waits_longer_each_time_and_ends(fresh):
    email = sign_up(fresh)["email"]
    for wanted in (email, address()):
        for _ in range(6):
            assert sign_in(fresh, wanted, "wrong wrong wrong")[0] == 401
        # Right ones wait as well, and nobody can tell.
        status, answer, headers = sign_in(fresh, wanted)
        assert (status, answer["error"]["code"]) == (429, "too_many_attempts")
        assert 1 <= int(headers["retry-after"]) <= 2
        assert 0 < answer["error"]["retry_at"] - time.time() * 1000 < 2000
    until = answer["error"]["retry_at"] / 1000
    while time.time() < until:
        time.sleep(0.05)
    assert sign_in(fresh, email)[0] == 200
    # It is forgiven.
    assert sign_in(fresh, email, "wrong wrong wrong")[0] == 401
    assert sign_in(fresh, email)[0] == 200


def test_an_address_of_many_guesses_waits_whatever_it_guesses_at(fresh):
    statuses = [sign_in(fresh, address(), "wrong wrong wrong")[0] for _ in range(32)]
    assert statuses == [401] * 31 + [429]
    # Those behind a proxy that the hub knows are told apart; here there is none, and what a client says of itself counts for nothing.
    status, _, _ = ask(fresh, "/auth/sign-in", {"email": address(), "password": PASSWORD}, headers={"X-Forwarded-For": "192.0.2.9"})
    assert status == 429


def test_a_hundred_at_once_get_no_more_guesses_than_one_after_another(fresh):
    email = sign_up(fresh)["email"]
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda n: sign_in(fresh, email, f"wrong wrong {n}")[0], range(100)))
    assert statuses.count(401) <= 8 and set(statuses) == {401, 429}


def test_tokens_that_are_none_are_not_looked_up_for_ever(fresh):
    statuses = [fresh.call("GET", "/devices", token="nothing")[0] for _ in range(102)]
    assert statuses == [401] * 101 + [429]
    # Uploads are no way around it.
    assert fresh.call("PUT", "/events/e/upload", raw=b"x", token="nothing")[0] == 429


def test_whoever_has_a_token_goes_on_beside_somebody_who_has_none(fresh):
    session = sign_up(fresh)
    me(fresh, session)
    for _ in range(105):
        fresh.call("GET", "/devices", token="nothing")
    assert me(fresh, session)["user_id"] == session["user_id"]


def test_another_password_ends_all_other_sign_ins(hub):
    session = sign_up(hub)
    other = sign_in(hub, session["email"], device_name="Kitchen")[1]
    assert "Kitchen" in [each["agent"] for each in ok(hub, "/auth/sessions", token=session["access_token"], method="GET")]
    token = session["access_token"]
    assert refused(hub, "/auth/password", {"new_password": OTHER_PASSWORD}, token) == (400, "missing_field")
    assert refused(hub, "/auth/password", {"current_password": "not this one", "new_password": OTHER_PASSWORD}, token) == (403, "invalid_credentials")
    assert refused(hub, "/auth/password", {"current_password": PASSWORD, "new_password": "short"}, token)[0] == 400
    ok(hub, "/auth/password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}, token, expected=204)
    assert refused(hub, "/auth/me", token=other["access_token"], method="GET") == (401, "invalid_token")
    assert refused(hub, "/auth/refresh", {"refresh_token": other["refresh_token"]}) == (401, "invalid_token")
    assert me(hub, session)["email"] == session["email"]
    assert sign_in(hub, session["email"])[0] == 401 and sign_in(hub, session["email"], OTHER_PASSWORD)[0] == 200
    assert "password.changed" in [entry["action"] for entry in audit(hub, session)]


def test_failed_sign_ins_are_in_the_audit_log(hub):
    session = sign_up(hub)
    sign_in(hub, session["email"], "wrong wrong wrong")
    until = time.monotonic() + 10
    while not (found := [entry for entry in audit(hub, session) if entry["action"] == "sign_in.failed"]):
        assert time.monotonic() < until
    assert (found[0]["actor"]["kind"], found[0]["subject"], found[0]["address"]) == ("nobody", session["email"], "127.0.0.1")
    assert "wrong wrong" not in str(found)


def test_ones_name_can_be_changed_and_taken_away(hub):
    session = sign_up(hub, name="Ann")
    assert ok(hub, "/auth/me", {"name": "Bea"}, session["access_token"], "PATCH")["name"] == "Bea"
    assert ok(hub, "/auth/me", {}, session["access_token"], "PATCH")["name"] == "Bea"
    assert ok(hub, "/auth/me", {"name": None}, session["access_token"], "PATCH")["name"] is None
    assert refused(hub, "/auth/me", {"name": 5}, session["access_token"], "PATCH") == (400, "invalid_field")


def with_codes(hub) -> tuple[dict, str, list[str], int]:
    session = sign_up(hub)
    started = ok(hub, "/auth/totp/start", {"password": PASSWORD}, session["access_token"])
    assert started["uri"].startswith("otpauth://totp/Ping%20Watch:") and started["qr_svg"].startswith("<svg")
    used = step()
    codes = ok(hub, "/auth/totp/confirm", {"code": code(started["secret"], used)}, session["access_token"])["recovery_codes"]
    return session, started["secret"], codes, used


def test_codes_of_an_app_are_asked_for_once_they_were_shown(hub):
    session = sign_up(hub)
    token, email = session["access_token"], session["email"]
    assert refused(hub, "/auth/totp/start", {"password": "not this one"}, token) == (403, "invalid_credentials")
    assert refused(hub, "/auth/totp/confirm", {"code": "000000"}, token) == (409, "totp_not_started")
    secret = ok(hub, "/auth/totp/start", {"password": PASSWORD}, token)["secret"]
    # Nothing is asked for yet: the app may not have got it.
    assert sign_in(hub, email)[0] == 200
    wrong = f"{(int(code(secret, step())) + 1) % 1_000_000:06d}"
    assert refused(hub, "/auth/totp/confirm", {"code": wrong}, token) == (400, "invalid_totp")
    ok(hub, "/auth/totp/confirm", {"code": code(secret, step())}, token)
    assert me(hub, session)["totp"] is True
    assert refused(hub, "/auth/totp/start", {"password": PASSWORD}, token) == (409, "totp_on")
    assert sign_in(hub, email)[:1] + (sign_in(hub, email)[1]["error"]["code"],) == (401, "totp_required")
    assert sign_in(hub, email, "wrong wrong wrong")[1]["error"]["code"] == "invalid_credentials"
    ok(hub, "/auth/totp/disable", {"password": PASSWORD}, token, expected=204)
    assert sign_in(hub, email)[0] == 200
    assert {"totp.on", "totp.off"} <= {entry["action"] for entry in audit(hub, session)}


def test_a_code_is_good_for_once_also_for_two_at_once(hub):
    session, secret, _, used = with_codes(hub)
    email = session["email"]
    # The code that was shown to begin with is used up.
    assert sign_in(hub, email, totp=code(secret, used))[1]["error"]["code"] == "invalid_totp"
    assert sign_in(hub, email, totp=code(secret, used + 5))[1]["error"]["code"] == "invalid_totp"
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: sign_in(hub, email, totp=code(secret, used + 1))[0], range(2)))
    assert sorted(answers) == [200, 401]


def test_a_recovery_code_is_good_for_once(hub):
    session, _, codes, _ = with_codes(hub)
    assert len(set(codes)) == 10
    email = session["email"]
    assert sign_in(hub, email, totp=codes[3].lower().replace("-", " "))[0] == 200
    assert sign_in(hub, email, totp=codes[3])[1]["error"]["code"] == "invalid_totp"
    assert "recovery_code.used" in [entry["action"] for entry in audit(hub, session)]


def test_codes_cannot_be_guessed_by_who_knows_the_password(fresh):
    session, _, _, _ = with_codes(fresh)
    for number in range(6):
        # Asking without a code in between forgives nothing.
        assert sign_in(fresh, session["email"])[1]["error"]["code"] == "totp_required"
        assert sign_in(fresh, session["email"], totp=f"{number:06d}")[1]["error"]["code"] == "invalid_totp"
    assert sign_in(fresh, session["email"], totp="000009")[1]["error"]["code"] == "too_many_attempts"


def test_another_cost_of_hashes_locks_nobody_out(start):
    hub = start(AUTH_SIGN_UP="open", **NO_DEV)
    email = sign_up(hub)["email"]
    assert hub.stop() == 0
    hub.environment["PASSWORD_HASH_MEMORY_KIB"] = "2048"
    hub.start()
    assert sign_in(hub, email)[0] == 200
    assert sign_in(hub, email)[0] == 200


@pytest.mark.parametrize("body", [
    {}, {"email": 5, "password": PASSWORD}, {"email": "a@b", "password": 5}, {"email": "nobody", "password": PASSWORD}, {"email": "a@b", "password": ""},
    {"email": "a@b", "password": "x" * 1025}, {"email": "a@b\r\nTo: c@d", "password": PASSWORD}, {"email": ["a@b"], "password": PASSWORD},
    {"email": "a@b", "password": PASSWORD, "totp": 5}, {"email": "x" * 300 + "@b", "password": PASSWORD},
])
def test_what_is_not_a_sign_in_is_said_to_be_none(hub, body):
    status, answer, _ = ask(hub, "/auth/sign-in", body)
    assert status == 400 and answer["error"]["field"] in ("email", "password", "totp")


def test_secrets_can_come_from_files(start, tmp_path):
    (tmp_path / "metrics").write_text("open-sesame\n")
    hub = start(METRICS_TOKEN_FILE=str(tmp_path / "metrics"), **NO_DEV)
    assert hub.call("GET", "/metrics", token="open-sesame")[0] == 200
    (tmp_path / "empty").write_text("\n")
    wrong = Hub(
        tmp_path / "data", METRICS_TOKEN="x", METRICS_TOKEN_FILE=str(tmp_path / "metrics"), WORKER_API_TOKEN_FILE=str(tmp_path / "missing"),
        SMTP_URL_FILE=str(tmp_path / "empty"), OIDC_CLIENT_ID="x", AUTH_SIGN_UP="maybe", PASSWORD_HASH_MEMORY_KIB="8")
    with pytest.raises(RuntimeError) as failure:
        wrong.start()
    for words in ("METRICS_TOKEN_FILE: METRICS_TOKEN is set as well", "WORKER_API_TOKEN_FILE: ", "SMTP_URL_FILE: ", "OIDC_ISSUER: it is missing",
                  'AUTH_SIGN_UP: "maybe" is not one of open, invitation, closed', "PASSWORD_HASH_MEMORY_KIB: "):
        assert words in str(failure.value)
    assert "open-sesame" not in str(failure.value)


def test_a_hub_that_others_reach_warns_of_open_doors(start):
    hub = start(AUTH_DEV_LOGIN_ENABLED="true", PUBLIC_URL="https://hub.example.org", **CHEAP)
    hub.note("ANYBODY CAN SIGN IN AS ANYBODY")
    until(lambda: any("anybody can sign in as anybody" in line for line in hub.log))


def test_who_leaves_takes_along_what_was_theirs_alone(hub):
    owner, guest = sign_up(hub), address()
    secret = ok(hub, "/account/invitations", {"role": "viewer"}, owner["access_token"])["url"].split("/")[-1]
    session = ok(hub, "/auth/sign-up", {"email": guest, "password": PASSWORD, "invitation": secret})
    assert refused(hub, "/auth/me", {"password": PASSWORD}, owner["access_token"], "DELETE") == (409, "owns_account")
    assert refused(hub, "/auth/me", None, session["access_token"], "DELETE") == (400, "missing_field")
    assert refused(hub, "/auth/me", {"password": "not this one"}, session["access_token"], "DELETE") == (403, "invalid_credentials")
    ok(hub, "/auth/me", {"password": PASSWORD}, session["access_token"], "DELETE", 204)
    assert refused(hub, "/auth/me", token=session["access_token"], method="GET") == (401, "invalid_token")
    assert sign_in(hub, guest)[0] == 401
    assert "member.left" in [entry["action"] for entry in audit(hub, owner)]
    # With codes, tokens and all that hangs on them.
    ok(hub, "/auth/totp/start", {"password": PASSWORD}, owner["access_token"])
    ok(hub, "/account/invitations", {"role": "viewer"}, owner["access_token"])
    ok(hub, "/auth/me", {"password": PASSWORD}, owner["access_token"], "DELETE", 204)
    assert sign_in(hub, owner["email"])[0] == 401
    # The address is free again.
    sign_up(hub, owner["email"])
