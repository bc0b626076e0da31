"""How the Bot API speaks: forms and JSON in, envelopes out, and the checks of what forms hold."""

from __future__ import annotations

import email.message
import email.parser
import json
import re
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, dict]
"""A status and a body."""


class Refused(Exception):
    """What was asked is answered with an error."""

    def __init__(self, code: int, description: str, **parameters: object) -> None:
        super().__init__(description)
        self.answer = error(code, description, **parameters)


def ok(result: object) -> Answer:
    return 200, {"ok": True, "result": result}


def error(code: int, description: str, **parameters: object) -> Answer:
    answer: dict = {"ok": False, "error_code": code, "description": description}
    if parameters:
        answer["parameters"] = parameters
    return code, answer


def bad(description: str, **parameters: object) -> Refused:
    return Refused(400, f"Bad Request: {description}", **parameters)


def parse(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Fields as text, objects among them as JSON, and files. `ValueError` for what cannot be read."""
    if content_type.startswith("application/json"):
        members = json.loads(body or b"{}")
        if not isinstance(members, dict):
            raise ValueError("object expected")
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in members.items() if value is not None}, {}
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    if not content_type.startswith("multipart/form-data"):
        return {}, {}
    message = email.message.Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if not boundary:
        raise ValueError("there is no boundary")
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    # RFC 2046, section 5.1.1. The email package takes seconds for a video.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        head, blank, content = part.partition(b"\r\n\r\n")
        if not blank:
            break
        headers = email.parser.BytesParser().parsebytes(head.lstrip())
        name = headers.get_param("name", header="content-disposition")
        if headers.get_filename():
            files[str(name)] = content
        else:
            fields[str(name)] = content.decode()
    return fields, files


def is_true(text: str | None) -> bool:
    return (text or "").lower() in ("true", "yes", "1")


def utf16_length(text: str) -> int:
    """As Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def keyboard_of(fields: dict[str, str]) -> list[list[dict]] | None:
    """The rows of an inline keyboard, every button checked; `None` where there is none."""
    text = fields.get("reply_markup")
    if not text:
        return None
    try:
        markup = json.loads(text)
    except ValueError:
        raise bad("can't parse reply keyboard markup JSON object") from None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be an Array of Arrays')
    for row in rows:
        for button in row:
            _check_button(button)
    return [row for row in rows if row] or None


def _check_button(button: object) -> None:
    if not isinstance(button, dict):
        raise bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad("can't parse inline keyboard button: Can't find field \"text\"")
    if not button["text"]:
        raise bad("BUTTON_TEXT_INVALID")
    # Any one of them; the hub uses these two.
    actions = [action for action in ("callback_data", "url") if action in button]
    if not actions:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1 or set(button) - {"text", "callback_data", "url"}:
        raise bad("can't parse inline keyboard button: exactly one of the optional fields must be used")
    value = button[actions[0]]
    if not isinstance(value, str):
        raise bad(f'can\'t parse inline keyboard button: Field "{actions[0]}" must be of type String')
    if actions == ["callback_data"] and not 1 <= len(value.encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    if actions == ["url"] and not _is_url(value):
        raise bad(f"inline keyboard button URL '{value}' is invalid: Wrong HTTP URL")


def _is_url(text: str) -> bool:
    """Telegram takes no host without a dot, such as localhost."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https", "tg") and ("." in host or ":" in host) and not re.search(r"[\s\x00-\x1f]", text)
