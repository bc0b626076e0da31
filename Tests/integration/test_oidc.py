"""Signing in at another issuer, and with tokens of it."""

from __future__ import annotations

import secrets
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from getting_in import CHEAP, address, ask, audit, me, ok, refused, sign_up
from issuer import CLIENT, CLIENT_SECRET, Issuer, Key, b64

BROWSER = secrets.token_urlsafe()


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.stop()


def environment(issuer: Issuer, **more: str) -> dict[str, str]:
    return {
        "OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": CLIENT_SECRET, "OIDC_NAME": "Example", "AUTH_SIGN_UP": "open",
        "PUBLIC_URL": "https://hub.example.org", **CHEAP, **more}


@pytest.fixture
def hub(start, issuer):
    return start(**environment(issuer))


def person(**more) -> dict:
    """Claims about somebody new."""
    return {"sub": str(uuid.uuid4()), "email": address(), "email_verified": True, **more}


def by_code(hub, issuer, *, browser: str = BROWSER, finished_by: str = BROWSER, **claims):
    begun = ok(hub, "/auth/oidc/start", {"browser": browser})
    code = issuer.authorize(begun["authorization_url"], **claims)
    return ask(hub, "/auth/oidc/finish", {"state": begun["state"], "code": code, "browser": finished_by})


def by_token(hub, token: str) -> tuple[int, str | None]:
    status, answer, _ = ask(hub, "/auth/jwt", {"token": token})
    return status, answer.get("error", {}).get("code")


def test_a_new_person_comes_by_the_issuer_and_comes_back(hub, issuer):
    assert ok(hub, "/auth/config", method="GET")["oidc"] == {"name": "Example"}
    claims = person(name="Ann")
    status, session, _ = by_code(hub, issuer, **claims)
    assert status == 200
    profile = me(hub, session)
    assert (profile["email"], profile["name"], profile["verified"], profile["has_password"]) == (claims["email"], "Ann", True, False)
    # By the issuer's own name for them, whatever becomes of the address.
    again = by_code(hub, issuer, sub=claims["sub"])[1]
    assert again["user_id"] == session["user_id"]
    assert [entry["detail"] for entry in audit(hub, session)] == ["Example", "sign-up by Example"]


def test_the_secret_goes_where_the_issuer_wants_it(hub, issuer):
    issuer.methods = ["client_secret_post"]
    assert by_code(hub, issuer, **person())[0] == 200


def test_a_state_is_good_for_once_and_for_its_own_browser(hub, issuer):
    begun = ok(hub, "/auth/oidc/start", {"browser": BROWSER})
    code = issuer.authorize(begun["authorization_url"], **person())
    body = {"state": begun["state"], "code": code, "browser": BROWSER}
    # A link that ends in somebody else's sign-in.
    assert refused(hub, "/auth/oidc/finish", {**body, "browser": secrets.token_urlsafe()}) == (404, "link_expired")
    assert refused(hub, "/auth/oidc/finish", {**body, "state": secrets.token_urlsafe()}) == (404, "link_expired")
    with ThreadPoolExecutor(3) as pool:
        statuses = sorted(pool.map(lambda _: ask(hub, "/auth/oidc/finish", body)[0], range(3)))
    assert statuses == [200, 404, 404]


def test_a_code_that_the_issuer_does_not_know_opens_nothing(hub, issuer):
    begun = ok(hub, "/auth/oidc/start", {"browser": BROWSER})
    assert refused(hub, "/auth/oidc/finish", {"state": begun["state"], "code": "nothing", "browser": BROWSER}) == (401, "invalid_token")


@pytest.mark.parametrize("wrong", [
    {"nonce": "another"}, {"nonce": None}, {"aud": "somebody else"}, {"iss": "https://issuer.example.org"}, {"exp": 1}, {"exp": None}, {"sub": None},
    {"azp": "somebody else"}, {"sub": 5}, {"sub": ""},
])
def test_an_id_token_that_is_not_for_this_sign_in_opens_nothing(hub, issuer, wrong):
    status, answer, _ = by_code(hub, issuer, **{**person(), **wrong})
    assert status == 401 and answer["error"]["code"] in ("invalid_token", "token_expired")


def test_rs256(hub, issuer):
    assert by_token(hub, issuer.token(**person())) == (200, None)
    assert by_token(hub, issuer.token(**person(), signature=b"\x00" * 256)) == (401, "invalid_token")


def test_es256(hub, issuer):
    issuer.keys = [Key("ES256")]
    assert by_token(hub, issuer.token(**person())) == (200, None)
    assert by_token(hub, issuer.token(**person(), signature=b"\x00" * 64)) == (401, "invalid_token")


def test_tokens_that_are_not_the_issuers_open_nothing(hub, issuer):
    claims, now, key = person(), int(time.time()), issuer.keys[0]
    good = issuer.token(**claims)
    head, body, signature = good.split(".")
    none = b64(b'{"alg":"none"}')
    bad = {
        "foreign key": issuer.token(key=Key(), header={"kid": key.id}, **claims),
        "no algorithm": f"{none}.{body}.",
        "algorithm none, signed": f"{none}.{body}.{signature}",
        "algorithm confusion": issuer.forged_by_public_key(**claims),
        "RS as ES": issuer.token(header={"alg": "ES256"}, **claims),
        "key in the token": issuer.token(key=(own := Key()), header={"jwk": own.jwk, "kid": None}, **claims),
        "address of keys in the token": issuer.token(key=own, header={"jku": "https://evil.example.net/keys"}, **claims),
        "critical extension": issuer.token(header={"crit": ["b64"], "b64": False}, **claims),
        "another issuer": issuer.token(iss="https://issuer.example.org", **claims),
        "another audience": issuer.token(aud=["a", "b"], **claims),
        "not yet": issuer.token(nbf=now + 120, **claims),
        "from the future": issuer.token(iat=now + 120, **claims),
        "no end": issuer.token(exp=None, **claims),
        "an end that is no time": issuer.token(exp="tomorrow", **claims),
        "changed": f"{head}.{b64(b'{}')}.{signature}", "cut": good[:-5], "two parts": f"{head}.{body}", "four parts": f"{good}.x", "nothing": "x",
        "spaces": f" {head} .{body}.{signature}",
    }
    for name, token in bad.items():
        assert by_token(hub, token) == (401, "invalid_token"), name
    assert by_token(hub, issuer.token(exp=now - 1, **claims)) == (401, "token_expired")
    # A clock may be off by some seconds.
    assert by_token(hub, issuer.token(iat=now + 30, nbf=now + 30, **claims)) == (200, None)


def test_keys_are_not_asked_for_without_end(start, issuer):
    hub = start(**environment(issuer, OIDC_JWKS_URL=f"{issuer.url}/keys"))
    assert by_token(hub, issuer.token(**person()))[0] == 200
    for _ in range(5):
        assert by_token(hub, issuer.token(key=Key(), **person())) == (401, "invalid_token")
    # The first time, and within the minute not again, however many unknown keys are named.
    assert issuer.asked == ["/keys"]


def test_many_who_come_at_once_wait_for_one_answer(hub, issuer):
    tokens = [issuer.token(**person()) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert [status for status, _ in pool.map(lambda token: by_token(hub, token), tokens)] == [200] * 8
    assert issuer.asked.count("/keys") == 1


def test_one_new_person_who_comes_twice_at_once_is_one(hub, issuer):
    token = issuer.token(**person())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(hub, "/auth/jwt", {"token": token}), range(4)))
    assert [status for status, _, _ in answers] == [200] * 4
    assert len({answer["user_id"] for _, answer, _ in answers}) == 1


def test_an_address_is_believed_where_both_sides_have_confirmed_it(hub, issuer):
    unsure = sign_up(hub)["email"]
    # Who never confirmed it may be somebody who waits for its owner.
    assert by_token(hub, issuer.token(**person(email=unsure))) == (409, "email_taken")
    for verified in (False, "true", None, 1):
        assert by_token(hub, issuer.token(**person(email_verified=verified))) == (403, "email_unverified")
    assert by_token(hub, issuer.token(**person(email=None))) == (403, "email_unverified")
    claims = person()
    first = ok(hub, "/auth/jwt", {"token": issuer.token(**claims)})
    # Another name of the issuer for the same address.
    other = ok(hub, "/auth/jwt", {"token": issuer.token(**{**claims, "sub": "other", "email": claims["email"].upper()})})
    assert other["user_id"] == first["user_id"]
    assert "identity.linked" in [entry["action"] for entry in audit(hub, first)]


def test_new_people_come_as_the_hub_wants_it(start, issuer):
    hub = start(**environment(issuer, AUTH_SIGN_UP="invitation"))
    assert by_token(hub, issuer.token(**person())) == (403, "sign_up_closed")
    owner = hub.sign_in("owner@example.org")
    secret = ok(hub, "/account/invitations", {"role": "viewer"}, owner)["url"].split("/")[-1]
    session = ok(hub, "/auth/jwt", {"token": issuer.token(**person()), "invitation": secret})
    assert session["role"] == "viewer"
    assert refused(hub, "/auth/jwt", {"token": issuer.token(**person()), "invitation": secret}) == (404, "link_expired")


def test_an_issuer_that_is_another_one_or_away_is_not_believed(start, issuer):
    issuer.claimed_issuer = "https://issuer.example.org"
    hub = start(**environment(issuer))
    assert refused(hub, "/auth/oidc/start", {"browser": BROWSER}) == (502, "issuer_unreachable")
    assert by_token(hub, issuer.token(**person())) == (502, "issuer_unreachable")
    token = issuer.token(**person())
    issuer.stop()
    away = start(**environment(issuer))
    assert by_token(away, token) == (502, "issuer_unreachable")


def test_guessing_tokens_waits(hub, issuer):
    statuses = [by_token(hub, f"nothing.at.all{number}")[0] for number in range(32)]
    assert statuses == [401] * 31 + [429]


def test_a_hub_without_an_issuer_has_no_such_routes(start):
    hub = start(AUTH_SIGN_UP="open", **CHEAP)
    for path in ("/auth/oidc/start", "/auth/oidc/finish", "/auth/jwt"):
        assert refused(hub, path, {"token": "x"}) == (404, "not_found")


@pytest.mark.parametrize("browser", [None, 5, "", "short", "x" * 129])
def test_a_browser_without_a_secret_begins_nothing(hub, browser):
    assert refused(hub, "/auth/oidc/start", {"browser": browser})[0] == 400
