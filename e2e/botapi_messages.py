"""Messages that the bot sent, and what became of them."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field, replace

from botapi_http import MAXIMUM_UPLOAD
from botapi_wire import Answer, Refused, bad, keyboard_of, ok, utf16_length

MAXIMUM_PHOTO = 10 * 1024 * 1024
MAXIMUM_CAPTION = 1024
MAXIMUM_TEXT = 4096
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of"
    " the message"
)


@dataclass
class Content:
    """What a chat shows."""

    kind: str
    """`text`, `photo` or `video`."""
    text: str
    files: dict[str, bytes] = field(default_factory=dict)
    keyboard: list[list[dict]] | None = None


@dataclass
class Edit:
    method: str
    at: float
    content: Content
    """What the chat shows from then on."""
    fields: dict[str, str]


@dataclass
class Message:
    """As it was sent; `shown` is what its edits made of it."""

    method: str
    chat: str
    text: str
    at: float
    files: dict[str, bytes] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    id: int = 0
    kind: str = "text"
    keyboard: list[list[dict]] | None = None
    edits: list[Edit] = field(default_factory=list)
    is_deleted: bool = False

    @property
    def shown(self) -> Content:
        return self.edits[-1].content if self.edits else Content(self.kind, self.text, self.files, self.keyboard)

    @property
    def json(self) -> dict:
        """A `Message` of the Bot API."""
        now = self.shown
        result: dict = {"message_id": self.id, "date": int(self.at), "chat": {"id": int(self.chat), "type": "private"}}
        file = {"file_id": f"file-{self.id}-{len(self.edits)}", "file_unique_id": f"{self.id}-{len(self.edits)}", "width": 0, "height": 0}
        if now.kind == "text":
            result["text"] = now.text
        else:
            result[now.kind] = [file] if now.kind == "photo" else file | {"duration": 0}
            if now.text:
                result["caption"] = now.text
        if self.edits:
            result["edit_date"] = int(self.edits[-1].at)
        if now.keyboard:
            result["reply_markup"] = {"inline_keyboard": now.keyboard}
        return result


class Messages:
    def __init__(self, changed: threading.Condition) -> None:
        self.changed = changed
        self.all: list[Message] = []
        self.blocked: set[str] = set()
        self.missing: set[str] = set()
        self.migrated: dict[str, str] = {}
        self.pace = 0.5

    def send(self, method: str, fields: dict[str, str], files: dict[str, bytes]) -> Answer:
        kind = {"sendPhoto": "photo", "sendVideo": "video"}.get(method, "text")
        text = fields.get("text" if kind == "text" else "caption", "")
        with self.changed:
            chat = self._chat(fields)
            _check_text(kind, text)
            _check_file(kind, files, kind)
            keyboard = keyboard_of(fields)
            now = time.time()
            if any(m.chat == chat and now - m.at < self.pace for m in self.all):
                raise Refused(429, "Too Many Requests: retry after 1", retry_after=1)
            message = Message(method, chat, text, now, files, fields, len(self.all) + 1, kind, keyboard)
            self.all.append(message)
            self.changed.notify_all()
            return ok(message.json)

    def edit(self, method: str, fields: dict[str, str], files: dict[str, bytes]) -> Answer:
        with self.changed:
            message = self._message(self._chat(fields), fields)
            old = message.shown
            # An edit without a keyboard takes the present one away.
            new = replace(old, keyboard=keyboard_of(fields))
            if method == "editMessageText":
                if old.kind != "text":
                    raise bad("there is no text in the message to edit")
                new.text = fields.get("text", "")
            elif method == "editMessageCaption":
                if old.kind == "text":
                    raise bad("there is no caption in the message to edit")
                new.text = fields.get("caption", "")
            elif method == "editMessageMedia":
                _replace_media(new, fields, files)
            _check_text(new.kind, new.text)
            if new == old:
                raise bad(SAME)
            message.edits.append(Edit(method, time.time(), new, fields))
            self.changed.notify_all()
            return ok(message.json)

    def _chat(self, fields: dict[str, str]) -> str:
        chat = fields.get("chat_id", "")
        if not chat:
            raise bad("chat_id is empty")
        if not chat.removeprefix("-").isdecimal() or chat in self.missing:
            raise bad("chat not found")
        if chat in self.migrated:
            raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=int(self.migrated[chat]))
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        return chat

    def _message(self, chat: str, fields: dict[str, str]) -> Message:
        identifier = fields.get("message_id", "")
        if not identifier.isdecimal() or identifier == "0":
            raise bad("message identifier is not specified")
        for message in self.all:
            if message.chat == chat and message.id == int(identifier) and not message.is_deleted:
                return message
        raise bad("message to edit not found")


def _replace_media(content: Content, fields: dict[str, str], files: dict[str, bytes]) -> None:
    try:
        media = json.loads(fields.get("media", ""))
    except ValueError:
        raise bad("can't parse input media JSON object") from None
    if not isinstance(media, dict) or media.get("type") not in ("photo", "video"):
        raise bad("can't parse InputMedia: type must be photo or video here")
    new: dict[str, bytes] = {}
    for name, key in ((media["type"], "media"), ("thumbnail", "thumbnail")):
        reference = media.get(key)
        if reference is None and key == "thumbnail":
            continue
        if not isinstance(reference, str) or not reference.startswith("attach://") or reference[9:] not in files:
            raise bad("can't parse InputMedia: media not found")
        new[name] = files[reference[9:]]
    _check_file(media["type"], new, media["type"])
    content.kind, content.text, content.files = media["type"], media.get("caption", ""), new


def _check_text(kind: str, text: str) -> None:
    if kind == "text" and not text:
        raise bad("message text is empty")
    if utf16_length(text) > (MAXIMUM_TEXT if kind == "text" else MAXIMUM_CAPTION):
        raise bad("message is too long" if kind == "text" else "message caption is too long")


def _check_file(kind: str, files: dict[str, bytes], name: str) -> None:
    if any(len(content) > MAXIMUM_UPLOAD for content in files.values()):
        raise Refused(413, "Request Entity Too Large")
    if kind == "text":
        return
    if name not in files:
        raise bad(f"there is no {name} in the request")
    if not files[name]:
        raise bad("file must be non-empty")
    if kind == "photo" and len(files[name]) > MAXIMUM_PHOTO:
        raise bad(f"file of size {len(files[name])} bytes is too big for a photo; the maximum size is {MAXIMUM_PHOTO} bytes")
