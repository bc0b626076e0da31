"""Updates on their way to the bot: the queue, who may read it, and the answers to callback queries."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass

from botapi_wire import Answer, Refused, bad, is_true, ok

MAXIMUM_CALLBACK_TEXT = 200
# All but those that must be asked for.
DEFAULT_KINDS = ("message", "edited_message", "callback_query", "my_chat_member")


@dataclass
class Query:
    """A press of a button."""

    id: str
    message: int
    data: str
    answer: dict[str, str] | None = None
    """The fields of answerCallbackQuery, once it was called."""


@dataclass
class Webhook:
    url: str
    secret: str


class Updates:
    def __init__(self, changed: threading.Condition) -> None:
        self.changed = changed
        self.queries: dict[str, Query] = {}
        self.webhook: Webhook | None = None
        self.kinds: tuple[str, ...] = DEFAULT_KINDS
        """What the bot asked for last; other updates are not even queued."""
        self._queue: list[dict] = []
        self._next = 1
        self._reader = 0

    @property
    def waiting(self) -> list[dict]:
        """What the bot has not confirmed yet."""
        with self.changed:
            return list(self._queue)

    def push(self, kind: str, content: dict) -> None:
        with self.changed:
            if kind in self.kinds:
                self._queue.append({"update_id": self._next, kind: content})
            self._next += 1
            self.changed.notify_all()

    def get(self, fields: dict[str, str]) -> Answer:
        offset = _integer(fields, "offset", 0)
        limit = min(max(_integer(fields, "limit", 100), 1), 100)
        deadline = time.monotonic() + min(max(_integer(fields, "timeout", 0), 0), 50)
        with self.changed:
            if self.webhook:
                raise Refused(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
            self._choose(fields)
            self._reader += 1
            reader = self._reader
            self.changed.notify_all()
            if offset < 0:
                self._queue = self._queue[offset:]
            else:
                self._queue = [update for update in self._queue if update["update_id"] >= offset]
            while not self._queue and (left := deadline - time.monotonic()) > 0:
                self.changed.wait(left)
                if self.webhook:
                    raise Refused(409, "Conflict: terminated by setWebhook request")
                if reader != self._reader:
                    raise Refused(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
            return ok(self._queue[:limit])

    def set_webhook(self, fields: dict[str, str]) -> Answer:
        url, secret = fields.get("url", ""), fields.get("secret_token", "")
        if not url:
            return self.delete_webhook(fields)
        if not url.startswith("https://"):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if len(secret) > 256:
            raise bad("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
            raise bad("secret token contains unallowed characters")
        with self.changed:
            self._drop(fields)
            self._choose(fields)
            self.webhook = Webhook(url, secret)
            self.changed.notify_all()
        return 200, {"ok": True, "result": True, "description": "Webhook was set"}

    def delete_webhook(self, fields: dict[str, str]) -> Answer:
        with self.changed:
            self._drop(fields)
            self.webhook = None
        return ok(True)

    def webhook_info(self) -> Answer:
        with self.changed:
            url = self.webhook.url if self.webhook else ""
            return ok({"url": url, "has_custom_certificate": False, "pending_update_count": len(self._queue)})

    def answer_query(self, fields: dict[str, str]) -> Answer:
        if len(fields.get("text", "")) > MAXIMUM_CALLBACK_TEXT:
            raise bad("MESSAGE_TOO_LONG")
        with self.changed:
            query = self.queries.get(fields.get("callback_query_id", ""))
            if query is None or query.answer is not None:
                raise bad("query is too old and response timeout expired or query ID is invalid")
            query.answer = fields
            self.changed.notify_all()
        return ok(True)

    def _choose(self, fields: dict[str, str]) -> None:
        if "allowed_updates" not in fields:
            return
        try:
            kinds = json.loads(fields["allowed_updates"])
        except ValueError:
            raise bad("can't parse allowed_updates JSON object") from None
        self.kinds = tuple(kinds) or DEFAULT_KINDS

    def _drop(self, fields: dict[str, str]) -> None:
        if is_true(fields.get("drop_pending_updates")):
            self._queue = []


def _integer(fields: dict[str, str], name: str, otherwise: int) -> int:
    try:
        return int(fields.get(name) or otherwise)
    except ValueError:
        return otherwise
