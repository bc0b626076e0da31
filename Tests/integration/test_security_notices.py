"""Mail about changes to how somebody gets in: what, when, from where, and what to do. It holds nothing up."""

from __future__ import annotations

import re
import socket
import time
from datetime import datetime, timezone

import pytest
from getting_in import CHEAP, OTHER_PASSWORD, PASSWORD, address, ask, code, ok, pingwatch, sign_in, sign_up, step

PAGE = "https://hub.example.org"
FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"


@pytest.fixture(scope="module")
def hub(start, mailbox):
    return start(SMTP_URL=mailbox.url, PUBLIC_URL=PAGE, AUTH_SIGN_UP="open", AUTH_DEV_LOGIN_ENABLED="false", **CHEAP)


def person(hub, mailbox) -> dict:
    email = address()
    ok(hub, "/auth/sign-up", {"email": email, "password": PASSWORD}, expected=202)
    return {**ok(hub, "/auth/email/verify", {"token": mailbox.token(email, "verify"), "password": PASSWORD}), "email": email}


def change(hub, session: dict, agent: str = FIREFOX, current: str = PASSWORD, new: str = OTHER_PASSWORD) -> int:
    return ask(
        hub, "/auth/password", {"current_password": current, "new_password": new}, session["access_token"], headers={"User-Agent": agent})[0]


def words(mail) -> str:
    return mail.get_body(("plain",)).get_content()


def logged(hub, text: str) -> str:
    """The line of the log about a notice, in which this is found."""
    until = time.monotonic() + 20
    while not (lines := [line for line in hub.log if "security notice" in line and text in line]):
        assert time.monotonic() < until, hub.log[-5:]
        time.sleep(0.02)
    return lines[-1]


def test_who_changes_the_password_is_told(hub, mailbox):
    session = person(hub, mailbox)
    # What was refused is no change.
    assert change(hub, session, current="not this one") == 403
    assert change(hub, session) == 204
    mail = mailbox.wait(session["email"], 2)[-1]
    text = words(mail)
    assert mail["Subject"] == "Your password was changed · Ping Watch" and "was changed" in text
    assert "From: the address 127.0.0.1, with Firefox on Android" in text
    when = datetime.strptime(re.search(r"^When: (.*)\r?$", text, re.MULTILINE)[1].strip(), "%Y-%m-%d %H:%M UTC").replace(tzinfo=timezone.utc)
    assert abs(when.timestamp() - time.time()) < 180
    assert f"If it was not you, set another password at once: {PAGE}/#/forgot" in text
    # Nothing that opens anything.
    assert re.findall(r"https?://\S+", text) == [f"{PAGE}/#/forgot"] and PASSWORD not in text and OTHER_PASSWORD not in text
    assert change(hub, session, current=OTHER_PASSWORD, new=PASSWORD) == 204
    assert len(mailbox.wait(session["email"], 3)) == 3


def test_who_sets_a_password_by_a_link_is_told(hub, mailbox):
    session = person(hub, mailbox)
    ok(hub, "/auth/password/forgot", {"email": session["email"]}, expected=202)
    ok(hub, "/auth/password/reset", {"token": mailbox.token(session["email"], "reset", 2), "password": OTHER_PASSWORD}, expected=204)
    mail = mailbox.wait(session["email"], 3)[-1]
    assert mail["Subject"] == "Your password was set anew · Ping Watch" and "All sign-ins have ended" in words(mail)


def with_codes(hub, session: dict) -> None:
    secret = ok(hub, "/auth/totp/start", {"password": PASSWORD}, session["access_token"])["secret"]
    recovery = ok(hub, "/auth/totp/confirm", {"code": code(secret, step())}, session["access_token"])["recovery_codes"]
    session["secrets"] = [secret, *recovery]


def test_who_turns_codes_on_or_off_is_told(hub, mailbox):
    session = person(hub, mailbox)
    # To begin is no change yet, and to break that off is none.
    ok(hub, "/auth/totp/start", {"password": PASSWORD}, session["access_token"])
    ok(hub, "/auth/totp/disable", {"password": PASSWORD}, session["access_token"], expected=204)
    with_codes(hub, session)
    mail = mailbox.wait(session["email"], 2)[-1]
    assert mail["Subject"] == "Codes are asked for at your sign-in · Ping Watch" and "new recovery codes" in words(mail)
    assert not any(secret in mail.as_string() for secret in session["secrets"])
    ok(hub, "/auth/totp/disable", {"password": PASSWORD}, session["access_token"], expected=204)
    mail = mailbox.wait(session["email"], 3)[-1]
    assert mail["Subject"] == "Codes are no longer asked for at your sign-in · Ping Watch"
    assert len(mailbox.to(session["email"])) == 3


def test_what_a_program_says_of_itself_is_not_mailed(hub, mailbox):
    """Else who has taken an account over could write to its person in the name of the hub."""
    session = person(hub, mailbox)
    assert change(hub, session, agent="All is well. To be safe open https://evil.example.net") == 204
    text = words(mailbox.wait(session["email"], 2)[-1])
    assert "with an unknown program" in text and "evil" not in text and "All is well" not in text


def test_a_notice_that_is_not_taken_at_first_comes_later(hub, mailbox):
    session = person(hub, mailbox)
    mailbox.answers.append("451 4.7.1 greylisted")
    assert change(hub, session) == 204
    mailbox.wait(session["email"], 2)


def test_a_notice_that_is_not_taken_at_all_is_in_the_log_without_the_address(hub, mailbox):
    session = person(hub, mailbox)
    mailbox.answers.append("550 5.1.1 no such mailbox")
    assert change(hub, session) == 204
    line = logged(hub, "reply 550")
    assert session["email"] not in line and "127.0.0.1" not in line
    assert sign_in(hub, session["email"], OTHER_PASSWORD)[0] == 200


def test_a_mail_server_that_does_not_answer_holds_nothing_up(start):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub = start(SMTP_URL=f"smtp://127.0.0.1:{silent.getsockname()[1]}?from=hub@example.org&tls=off", AUTH_SIGN_UP="open", **CHEAP)
        session = sign_up(hub)
        begin = time.monotonic()
        assert change(hub, session) == 204
        # The server is given twenty seconds.
        assert time.monotonic() - begin < 10
        # The hub has called it, and waits.
        silent.accept()
        assert hub.stop() == 0
        assert session["email"] not in logged(hub, "before the end")


def test_where_no_link_can_be_mailed_the_operator_is_named(start, mailbox):
    hub = start(SMTP_URL=mailbox.url, AUTH_SIGN_UP="open", **CHEAP)
    session = sign_up(hub)
    assert change(hub, session) == 204
    text = words(mailbox.wait(session["email"])[-1])
    assert "ask whoever runs this hub at once for a link" in text and "http" not in text


def test_who_loses_the_second_factor_at_the_hubs_machine_is_told(hub, mailbox):
    session = person(hub, mailbox)
    with_codes(hub, session)
    mailbox.wait(session["email"], 2)
    printed = pingwatch(hub, "user", "link", session["email"], "--disable-codes")
    assert "not told" not in printed
    mail = mailbox.wait(session["email"], 3)[-1]
    assert mail["Subject"].startswith("Codes are no longer asked for") and "From: the hub's own machine" in words(mail)
    # The link is the operator's to hand over.
    assert "/reset/" not in words(mail)
    with_codes(hub, session)
    mailbox.wait(session["email"], 4)
    mailbox.answers.append("550 5.1.1 no such mailbox")
    assert "they were not told of it by mail: the mail server does not take mail" in pingwatch(hub, "user", "link", session["email"], "--disable-codes")
