"""Alerts by e-mail: with the picture of the trigger, and recognisable when they are repeated."""

from __future__ import annotations

import email
import email.policy
import threading

import pytest
from aiosmtpd.controller import Controller
from postgres import free_port
from watching import delivered, report, upload

JPEG = b"\xff\xd8\xff"


class Postbox:
    """Takes mail, or answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.taken: list[email.message.EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.tried: list[email.message.EmailMessage] = []
        self.lock = threading.Lock()

    async def handle_DATA(self, server, session, envelope) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self.lock:
            self.tried.append(message)
            if self.answers:
                return self.answers.pop(0)
            self.taken.append(message)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return "250 taken"

    def to(self, address: str, tried: bool = False) -> list[email.message.EmailMessage]:
        with self.lock:
            return [message for message in (self.tried if tried else self.taken) if message["To"] == address]


@pytest.fixture(scope="module")
def postbox():
    postbox = Postbox()
    controller = Controller(postbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    postbox.port = controller.port
    yield postbox
    controller.stop()


@pytest.fixture(scope="module")
def mailing(start, postbox):
    return start(SMTP_URL=f"smtp://127.0.0.1:{postbox.port}?from=camera@example.org", PUBLIC_URL="https://hub.example.org")


@pytest.fixture
def account(mailing, postbox, enrol):
    account = enrol(mailing)
    account.address = account.get("/auth/me")["email"]
    wanted = account.post("/notifications/targets", {"device_id": account.device, "channel": "email"})
    assert (wanted["channel"], wanted["target"], wanted["disabled_reason"]) == ("email", account.address, None)
    yield account
    assert postbox.answers == []


def test_a_mail_has_the_picture_in_it_and_the_way_to_the_event(account, postbox, small):
    event = upload(account, small)
    delivery = delivered(account, event)
    assert (delivery["channel"], delivery["target"], delivery["attempts"]) == ("email", account.address, 1)
    mail, = postbox.to(account.address)
    assert ("camera@example.org", [account.address]) in postbox.envelopes
    assert (mail["From"], mail["Subject"], mail["Message-ID"]) == ("camera@example.org", "Motion · Hall", f"<{delivery['delivery_id']}@example.org>")
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"].datetime
    summary = account.get(f"/events/{event}")["summary"]
    text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert summary in " ".join(text.split()) and f"https://hub.example.org/#/event/{event}" in text
    picture, = (part for part in mail.walk() if part.get_content_type() == "image/jpeg")
    assert picture.get_content().startswith(JPEG) and picture.get_content_disposition() == "inline"
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html and f'href="https://hub.example.org/#/event/{event}"' in html


def test_a_mail_that_is_sent_again_is_the_same_mail(account, postbox, small):
    postbox.answers.append("451 4.3.0 greylisted")
    delivery = delivered(account, upload(account, small))
    words = "the mail server asks to try again later (reply 451)"
    assert [(a["outcome"], a["status_code"], a["reason"]) for a in delivery["history"]] == [("retry", 451, words), ("sent", None, None)]
    # The server said that it has not taken it.
    assert delivery["possible_repeat"] is False
    first, second = postbox.to(account.address, tried=True)
    assert first["Message-ID"] == second["Message-ID"] == f"<{delivery['delivery_id']}@example.org>"
    assert [mail["Message-ID"] for mail in postbox.to(account.address)] == [second["Message-ID"]]


def test_a_mail_that_is_refused_for_good_fails_with_a_reason(account, postbox):
    postbox.answers.append("550 5.1.1 no such mailbox")
    delivery = delivered(account, report(account), "failed")
    assert (delivery["attempts"], delivery["status_code"]) == (1, 550)
    assert delivery["reason"] == "the mail server does not take mail for this address (reply 550)"


def test_a_test_mail_says_what_is_wrong(account, postbox):
    asked = {"device_id": account.device, "channel": "email"}
    assert account.post("/notifications/test", asked)["sent"] is True
    assert [mail["Subject"] for mail in postbox.to(account.address)] == ["Test · Hall"]
    postbox.answers.append("452 4.2.2 mailbox full")
    answer = account.post("/notifications/test", asked)
    assert (answer["sent"], answer["status_code"]) == (False, 452) and "try again later" in answer["reason"]


def test_nobody_makes_the_hub_write_to_somebody_else(account, enrol):
    wish = {"device_id": account.device, "channel": "email", "target": "somebody.else@example.org"}
    status, error, _ = account.call("POST", "/notifications/targets", wish)
    assert (status, error["error"]["field"]) == (400, "target")
    assert [each["target"] for each in account.get(f"/notifications/targets?device_id={account.device}")] == [account.address]


def test_a_mail_server_that_is_off_is_asked_again_and_nothing_private_is_logged(start, enrol):
    postbox, port = Postbox(), free_port()
    hub = start(SMTP_URL=f"smtp://somebody:open-sesame@127.0.0.1:{port}?from=camera@example.org")
    account = enrol(hub)
    address = account.get("/auth/me")["email"]
    account.post("/notifications/targets", {"device_id": account.device, "channel": "email"})
    event = report(account)
    delivery = delivered(account, event, "retry")
    assert delivery["reason"].startswith("the mail server cannot be reached: ") and not delivery["possible_repeat"]
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        delivery = delivered(account, event)
    finally:
        controller.stop()
    # Nothing can have arrived before.
    assert not delivery["possible_repeat"] and len(postbox.to(address)) == 1
    text = "".join(hub.log)
    assert "open-sesame" not in text and address not in text
