"""A mail server of a test's own, and the links in what it takes."""

from __future__ import annotations

import email
import email.policy
import re
import threading
import time

from aiosmtpd.controller import Controller
from postgres import free_port


class Mailbox:
    """Takes mail, or answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.taken: list[email.message.EmailMessage] = []
        self.changed = threading.Condition()
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self.controller.start()

    async def handle_DATA(self, server, session, envelope) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self.changed:
            if self.answers:
                return self.answers.pop(0)
            self.taken.append(message)
            self.changed.notify_all()
        return "250 taken"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}?from=hub@example.org"

    def to(self, address: str) -> list[email.message.EmailMessage]:
        with self.changed:
            return [message for message in self.taken if message["To"] == address]

    def wait(self, address: str, count: int = 1, seconds: float = 15) -> list[email.message.EmailMessage]:
        """The mails to an address, when there are so many."""
        until = time.monotonic() + seconds
        with self.changed:
            while len(found := [message for message in self.taken if message["To"] == address]) < count:
                assert self.changed.wait(until - time.monotonic()), f"{len(found)} mails of {count}"
        return found

    def token(self, address: str, kind: str, count: int = 1) -> str:
        """The secret of the link in the newest mail."""
        text = self.wait(address, count)[-1].get_body(("plain",)).get_content()
        match = re.search(rf"https://hub\.example\.org/#/{kind}/([\w-]+)", text.replace("=\n", ""))
        assert match, text
        return match[1]

    def stop(self) -> None:
        self.controller.stop()
