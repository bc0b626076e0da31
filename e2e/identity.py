"""What tests of signing in need: a hub without the development sign-in, its set-up link, and what a browser keeps."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

from aiosmtpd.controller import Controller
from playwright.sync_api import Page, expect

from system import Hub

PASSWORD = "three quiet hallways"


def until(condition: Callable[[], object], what: str, seconds: float = 15):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.05)
    return result


def real_hub(folder: Path, **environment: str) -> Hub:
    """As people run it: nobody gets in by an address alone."""
    return Hub(folder, **{"AUTH_DEV_LOGIN_ENABLED": "false", **environment}).start()


def setup_secret(hub: Hub) -> str:
    """Out of the link that the hub shows when it starts."""
    return hub.note(r"#/setup/([\w-]+)")[1]


def owned_hub(folder: Path, email: str = "owner@example.org", **environment: str) -> Hub:
    """A hub that has its owner, with `PASSWORD`."""
    hub = real_hub(folder, **environment)
    status, answer, _ = hub.call("POST", "/auth/setup", {
        "secret": setup_secret(hub), "email": email, "password": PASSWORD, "name": "Olga", "account_name": "Home"})
    assert status == 200, answer
    return hub


def token(hub: Hub, email: str = "owner@example.org") -> str:
    """Of another sign-in of somebody with `PASSWORD`."""
    status, answer, _ = hub.call("POST", "/auth/sign-in", {"email": email, "password": PASSWORD})
    assert status == 200, answer
    return answer["access_token"]


def sign_in(page: Page, email: str = "owner@example.org", password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def expect_signed_in(page: Page) -> None:
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.locator(".connection")).to_have_attribute("data-state", "open")


def expect_signed_out(page: Page) -> None:
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert session(page) is None


def session(page: Page) -> dict | None:
    return page.evaluate("JSON.parse(localStorage['pingwatch.session'] ?? 'null')")


def spoil_token(page: Page) -> None:
    """As if it had expired so long ago that the hub does not know it any more."""
    page.evaluate("localStorage['pingwatch.session'] = JSON.stringify({ ...JSON.parse(localStorage['pingwatch.session']), token: 'long-gone' })")


def open_menu(page: Page, name: str) -> None:
    page.get_by_label("Account", exact=True).first.click()
    page.locator(".account-menu").get_by_text(name, exact=True).click()


class Mailbox:
    """A mail server of the test's own."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.lock = threading.Lock()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=30)
        self.controller.start()

    async def handle_DATA(self, server, session, envelope) -> str:
        with self.lock:
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=hub@example.org"

    def link(self, address: str, kind: str) -> str:
        """The path of the newest link of that kind (`reset`, `verify`, `invitation`) that somebody was sent."""
        def find() -> str | None:
            with self.lock:
                for mail in reversed(self.mails):
                    match = re.search(rf"#(/{kind}/[\w-]+)", mail.get_body(("plain",)).get_content())
                    if mail["To"] == address and match:
                        return match[1]
            return None
        return until(find, f"a mail to {address} with a {kind} link")

    def stop(self) -> None:
        self.controller.stop()


def totp(secret: str, steps: int = 0) -> str:
    """What an authenticator shows (RFC 6238), some steps of half a minute from now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
