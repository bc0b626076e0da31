"""A local Bot API server: the wire format, limits and errors that Telegram documents, for one bot.

https://core.telegram.org/bots/api: getMe, getUpdates, setWebhook, deleteWebhook, getWebhookInfo, sendMessage, sendPhoto, sendVideo,
editMessageMedia, editMessageCaption, editMessageText, editMessageReplyMarkup, answerCallbackQuery.

It calls no webhook: one that is set only keeps updates from being read.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Callable, TypeVar

from botapi_http import MAXIMUM_UPLOAD, Connections, Fault, check_fault
from botapi_messages import MAXIMUM_CAPTION, MAXIMUM_PHOTO, MAXIMUM_TEXT, Content, Edit, Message, Messages
from botapi_updates import Query, Updates
from botapi_wire import Answer, Refused, bad, error, ok, parse

__all__ = [
    "BotApi", "Call", "Content", "Edit", "Message", "Query", "TOKEN", "MAXIMUM_CAPTION", "MAXIMUM_PHOTO", "MAXIMUM_TEXT", "MAXIMUM_UPLOAD",
]

TOKEN = "123456:a-token-for-tests"
METHODS = [
    "getMe", "getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo", "sendMessage", "sendPhoto", "sendVideo", "editMessageMedia",
    "editMessageCaption", "editMessageText", "editMessageReplyMarkup", "answerCallbackQuery",
]
# Telegram does not look at the case.
NAMES = {name.lower(): name for name in METHODS}

Value = TypeVar("Value")


@dataclass
class Call:
    """A call that was carried out or refused; not one that a fault kept from that."""

    method: str
    at: float
    fields: dict[str, str]
    status: int


class BotApi:
    """Runs until `stop`; what it was sent is in `messages`, with their `edits`."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.calls: list[Call] = []
        self.updates = Updates(self.changed)
        self._messages = Messages(self.changed)
        self._faults: list[tuple[str | None, Fault]] = []
        self._connections = Connections(self._answer, self._fault)
        self.url = self._connections.url

    def stop(self) -> None:
        self._connections.stop()

    @property
    def messages(self) -> list[Message]:
        return self._messages.all

    # What people do

    def user_sends(self, chat: int, text: str, username: str = "someone") -> None:
        """A person writes to the bot."""
        message = {"message_id": 1_000_000 + int(time.time()), "date": int(time.time()), "chat": {"id": chat, "type": "private"}}
        self.updates.push("message", message | {"from": _user(chat, username), "text": text})

    def user_presses(self, message: Message, data: str, username: str = "someone") -> Query:
        """A person presses a button under a message, or sends such data by other means; Telegram does not compare."""
        with self.changed:
            query = Query(f"{7_000_000_000 + len(self.updates.queries)}", message.id, data)
            self.updates.queries[query.id] = query
            self.updates.push(
                "callback_query",
                {"id": query.id, "from": _user(int(message.chat), username), "message": message.json, "chat_instance": "1", "data": data})
            return query

    def user_deletes(self, message: Message) -> None:
        with self.changed:
            message.is_deleted = True

    def user_blocks(self, chat: int) -> None:
        """From now on the chat takes nothing from the bot; the bot is told."""
        self._membership(chat, "member", "kicked")

    def user_unblocks(self, chat: int) -> None:
        self._membership(chat, "kicked", "member")

    def _membership(self, chat: int, old: str, new: str) -> None:
        bot = {"id": int(TOKEN.split(":")[0]), "is_bot": True, "first_name": "Ping Watch"}
        with self.changed:
            (self._messages.blocked.add if new == "kicked" else self._messages.blocked.discard)(str(chat))
            self.updates.push(
                "my_chat_member",
                {
                    "chat": {"id": chat, "type": "private"}, "from": _user(chat, "someone"), "date": int(time.time()),
                    "old_chat_member": {"user": bot, "status": old}, "new_chat_member": {"user": bot, "status": new},
                })

    # What Telegram does

    @property
    def blocked(self) -> set[str]:
        """Chats that take nothing from the bot."""
        return self._messages.blocked

    @property
    def missing(self) -> set[str]:
        """Chats that Telegram does not know."""
        return self._messages.missing

    @property
    def migrated(self) -> dict[str, str]:
        """Groups that became supergroups, and which."""
        return self._messages.migrated

    def set_pace(self, seconds: float) -> None:
        """How long a chat takes no other message after one."""
        self._messages.pace = seconds

    def fail(self, *faults: Fault, method: str | None = None) -> None:
        """What goes wrong with the next calls, one each; of one method, if it is named. See `botapi_http.Fault`."""
        for fault in faults:
            check_fault(fault)
        with self.changed:
            self._faults += [(method, fault) for fault in faults]

    @property
    def pending_faults(self) -> list[Fault]:
        with self.changed:
            return [fault for _, fault in self._faults]

    # Waiting

    def wait_until(self, condition: Callable[[], Value], timeout: float = 60) -> Value:
        """The condition's value, once it is a true one."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while not (value := condition()):
                # What the condition looks at may change elsewhere, too.
                if not self.changed.wait(0.2) and time.monotonic() > deadline:
                    raise TimeoutError(f"not in {timeout} s; there were {[(m.method, [e.method for e in m.edits]) for m in self.messages]}")
            return value

    def wait_for(self, method: str, timeout: float = 60) -> Message:
        """The first message that was sent by a method."""
        return self.wait_until(lambda: next((message for message in self.messages if message.method == method), None), timeout)

    def wait_for_edit(self, message: Message, method: str, timeout: float = 60) -> Edit:
        return self.wait_until(lambda: next((edit for edit in message.edits if edit.method == method), None), timeout)

    def wait_for_answer(self, query: Query, timeout: float = 60) -> dict[str, str]:
        return self.wait_until(lambda: query.answer, timeout)

    # Answering

    def _fault(self, path: str) -> Fault | None:
        name = _method(path)
        with self.changed:
            for index, (method, fault) in enumerate(self._faults):
                if method in (None, name):
                    self.changed.notify_all()
                    return self._faults.pop(index)[1]
        return None

    def _answer(self, path: str, content_type: str, body: bytes) -> Answer:
        parts = path.split("?")[0].strip("/").split("/")
        if len(parts) != 2 or not parts[0].startswith("bot"):
            return error(404, "Not Found")
        if parts[0] != f"bot{TOKEN}":
            return error(401, "Unauthorized")
        method, fields = _method(path), {}
        try:
            fields, files = parse(content_type, body)
            answer = self._perform(method, fields, files)
        except Refused as refused:
            answer = refused.answer
        except ValueError as problem:
            answer = bad(str(problem)).answer
        with self.changed:
            self.calls.append(Call(method or parts[1], time.time(), fields, answer[0]))
            self.changed.notify_all()
        return answer

    def _perform(self, method: str | None, fields: dict[str, str], files: dict[str, bytes]) -> Answer:
        match method:
            case "getMe":
                return ok({"id": 123456, "is_bot": True, "first_name": "Ping Watch", "username": "pingwatch_test_bot"})
            case "getUpdates":
                return self.updates.get(fields)
            case "setWebhook":
                return self.updates.set_webhook(fields)
            case "deleteWebhook":
                return self.updates.delete_webhook(fields)
            case "getWebhookInfo":
                return self.updates.webhook_info()
            case "answerCallbackQuery":
                return self.updates.answer_query(fields)
            case "sendMessage" | "sendPhoto" | "sendVideo":
                return self._messages.send(method, fields, files)
            case "editMessageMedia" | "editMessageCaption" | "editMessageText" | "editMessageReplyMarkup":
                return self._messages.edit(method, fields, files)
        raise Refused(404, "Not Found: method not found")


def _method(path: str) -> str | None:
    return NAMES.get(path.split("?")[0].rsplit("/", 1)[-1].lower())


def _user(chat: int, username: str) -> dict:
    return {"id": chat, "is_bot": False, "first_name": "Some", "username": username}
