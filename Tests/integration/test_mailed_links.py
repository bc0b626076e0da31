"""Links by mail: to confirm an address, and to set another password. What is answered does not tell who is here."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from getting_in import CHEAP, OTHER_PASSWORD, PASSWORD, address, ask, audit, me, ok, refused, sign_in

SENT = {"status": "sent"}
WAITING = {"status": "verification_sent"}


@pytest.fixture(scope="module")
def hub(start, mailbox):
    return start(
        SMTP_URL=mailbox.url, PUBLIC_URL="https://hub.example.org", AUTH_SIGN_UP="open", AUTH_DEV_LOGIN_ENABLED="false", **CHEAP)


def verify(hub, token: str, password: str = PASSWORD) -> dict:
    return ok(hub, "/auth/email/verify", {"token": token, "password": password})


def confirmed(hub, mailbox) -> dict:
    """Somebody who has signed up and followed the link."""
    email = address()
    assert ask(hub, "/auth/sign-up", {"email": email, "password": PASSWORD})[:2] == (202, WAITING)
    session = verify(hub, mailbox.token(email, "verify"))
    return {**session, "email": email}


def test_a_sign_up_waits_for_the_address(hub, mailbox):
    assert ok(hub, "/auth/config", method="GET")["mail"] is True
    email = address()
    assert ask(hub, "/auth/sign-up", {"email": email, "password": PASSWORD, "name": "Ann"})[:2] == (202, WAITING)
    token = mailbox.token(email, "verify")
    assert sign_in(hub, email)[1]["error"]["code"] == "email_unverified"
    assert sign_in(hub, email, "wrong wrong wrong")[1]["error"]["code"] == "invalid_credentials"
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: ask(hub, "/auth/email/verify", {"token": token, "password": PASSWORD}), range(2)))
    assert sorted(status for status, _, _ in answers) == [200, 404]
    session, = (answer for status, answer, _ in answers if status == 200)
    profile = me(hub, session)
    assert (profile["email"], profile["name"], profile["verified"]) == (email, "Ann", True)
    assert sign_in(hub, email)[0] == 200
    assert refused(hub, "/auth/email/verify", {"token": token, "password": PASSWORD}) == (404, "link_expired")


def test_a_sign_up_with_a_known_address_looks_the_same_and_changes_nothing(hub, mailbox):
    session = confirmed(hub, mailbox)
    assert ask(hub, "/auth/sign-up", {"email": session["email"], "password": OTHER_PASSWORD})[:2] == (202, WAITING)
    mail = mailbox.wait(session["email"], 2)[-1]
    assert mail["Subject"] == "You have an account already · Ping Watch"
    assert sign_in(hub, session["email"], OTHER_PASSWORD)[0] == 401 and sign_in(hub, session["email"])[0] == 200


def test_who_signed_up_with_somebody_elses_address_does_not_wait_for_them_with_a_password(hub, mailbox):
    email = address()
    ok(hub, "/auth/sign-up", {"email": email, "password": OTHER_PASSWORD}, expected=202)
    theirs = mailbox.token(email, "verify")
    ok(hub, "/auth/sign-up", {"email": email, "password": PASSWORD}, expected=202)
    mine = mailbox.token(email, "verify", 2)
    assert mine != theirs
    # The mails look the same: whoever opens the wrong one is not let into what somebody else knows the password of.
    assert refused(hub, "/auth/email/verify", {"token": theirs, "password": PASSWORD}) == (403, "invalid_credentials")
    verify(hub, mine)
    assert refused(hub, "/auth/email/verify", {"token": theirs, "password": PASSWORD}) == (404, "link_expired")
    assert sign_in(hub, email)[0] == 200 and sign_in(hub, email, OTHER_PASSWORD)[0] == 401


def test_the_link_is_mailed_again(hub, mailbox):
    email = address()
    ok(hub, "/auth/sign-up", {"email": email, "password": PASSWORD}, expected=202)
    mailbox.wait(email)
    assert ask(hub, "/auth/email/resend", {"email": email})[:2] == ask(hub, "/auth/email/resend", {"email": address()})[:2] == (202, SENT)
    verify(hub, mailbox.token(email, "verify", 2))
    # Nothing is waited for any more.
    ok(hub, "/auth/email/resend", {"email": email}, expected=202)
    ok(hub, "/auth/password/forgot", {"email": email}, expected=202)
    mailbox.token(email, "reset", 3)
    assert len(mailbox.to(email)) == 3


def test_a_forgotten_password(hub, mailbox):
    session = confirmed(hub, mailbox)
    email, unknown = session["email"], address()
    assert ask(hub, "/auth/password/forgot", {"email": email})[:2] == ask(hub, "/auth/password/forgot", {"email": unknown})[:2] == (202, SENT)
    token = mailbox.token(email, "reset", 2)
    mail = mailbox.to(email)[-1]
    assert (mail["From"], mail["Subject"]) == ("hub@example.org", "Set a new password · Ping Watch")
    assert refused(hub, "/auth/password/reset", {"token": token, "password": "password1"})[0] == 400
    # A link of one kind is none of another.
    assert refused(hub, "/auth/email/verify", {"token": token, "password": PASSWORD}) == (404, "link_expired")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda n: ask(hub, "/auth/password/reset", {"token": token, "password": f"{OTHER_PASSWORD} {n}"})[0], range(2)))
    assert sorted(answers) == [204, 404]
    chosen = f"{OTHER_PASSWORD} {answers.index(204)}"
    assert refused(hub, "/auth/me", token=session["access_token"], method="GET") == (401, "invalid_token")
    assert sign_in(hub, email)[0] == 401
    status, again, _ = sign_in(hub, email, chosen)
    assert status == 200
    assert {"password.link_asked", "password.reset"} <= {entry["action"] for entry in audit(hub, again)}
    assert refused(hub, "/auth/password/reset", {"token": token, "password": PASSWORD}) == (404, "link_expired")
    assert mailbox.to(unknown) == []


def test_another_password_makes_links_useless(hub, mailbox):
    session = confirmed(hub, mailbox)
    ok(hub, "/auth/password/forgot", {"email": session["email"]}, expected=202)
    token = mailbox.token(session["email"], "reset", 2)
    ok(hub, "/auth/password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}, session["access_token"], expected=204)
    assert refused(hub, "/auth/password/reset", {"token": token, "password": PASSWORD}) == (404, "link_expired")


def test_nobodys_mailbox_is_filled(hub):
    email = address()
    statuses = [ask(hub, "/auth/password/forgot", {"email": email})[0] for _ in range(7)]
    assert statuses == [202] * 6 + [429]


def test_a_link_leads_to_the_hub_whatever_host_was_asked_for(hub, mailbox):
    session = confirmed(hub, mailbox)
    headers = {"Host": "evil.example.net", "X-Forwarded-Host": "evil.example.net", "Forwarded": "host=evil.example.net", "Origin": "https://evil.example.net"}
    assert ask(hub, "/auth/password/forgot", {"email": session["email"]}, headers=headers)[0] == 202
    mailbox.token(session["email"], "reset", 2)
    assert "evil" not in mailbox.to(session["email"])[-1].as_string()


def test_a_mail_that_is_not_taken_at_first_comes_later(hub, mailbox):
    session = confirmed(hub, mailbox)
    mailbox.answers.append("451 4.7.1 greylisted")
    ok(hub, "/auth/password/forgot", {"email": session["email"]}, expected=202)
    mailbox.token(session["email"], "reset", 2)


def test_a_mail_that_is_not_taken_at_all_is_in_the_log(hub, mailbox):
    session = confirmed(hub, mailbox)
    mailbox.answers.append("550 5.1.1 no such mailbox")
    ok(hub, "/auth/password/forgot", {"email": session["email"]}, expected=202)
    until = time.monotonic() + 10
    while not (lines := [line for line in hub.log if "what was to be done after an answer failed" in line]):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert "reply 550" in lines[0] and "example.org" not in lines[0]


def test_known_and_unknown_addresses_take_as_long(hub, mailbox):
    """Far from a proof; it fails where one of them waits for mail or a hash, and the other does not."""
    session = confirmed(hub, mailbox)

    def seconds(path: str, body: dict) -> float:
        begin = time.perf_counter()
        ask(hub, path, body)
        return time.perf_counter() - begin

    for path, more in (("/auth/sign-in", {"password": "wrong wrong wrong"}), ("/auth/password/forgot", {})):
        known = min(seconds(path, {"email": session["email"], **more}) for _ in range(4))
        unknown = min(seconds(path, {"email": address(), **more}) for _ in range(4))
        assert abs(known - unknown) < 0.03


def test_without_mail_nothing_is_promised(start, mailbox):
    for more in ({}, {"SMTP_URL": mailbox.url}):
        hub = start(AUTH_SIGN_UP="open", **CHEAP, **more)
        for path in ("/auth/password/forgot", "/auth/email/resend"):
            assert refused(hub, path, {"email": address()}) == (409, "not_configured")
        # A request's host is the asker's word: without PUBLIC_URL no link is made.
        assert ask(hub, "/auth/sign-up", {"email": address(), "password": PASSWORD})[0] == 200


@pytest.mark.parametrize("token", ["", "x", "x" * 129, 5, None, "../../etc"])
@pytest.mark.parametrize("path", ["/auth/password/reset", "/auth/email/verify"])
def test_what_is_no_link_opens_nothing(hub, path, token):
    assert ask(hub, path, {"token": token, "password": PASSWORD})[0] in (400, 404)
