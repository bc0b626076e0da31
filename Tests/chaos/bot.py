"""A Bot API server that misbehaves as planned, in front of the one that keeps Telegram's rules."""

from __future__ import annotations

import collections
import json
import re
import socket
import struct
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import paths  # noqa: F401

import botapi
from plan import BotFault

SENDING = ("sendmessage", "sendphoto", "sendvideo", "sendanimation", "senddocument", "sendmediagroup")
EDITING = ("editmessagemedia", "editmessagecaption", "editmessagetext")

# Label of the device and time of the trigger to the second: which event an alert is about.
Key = tuple[str, str]


@dataclass(frozen=True)
class Accepted:
    """A call that the bot's chat shows the effect of."""

    key: Key | None
    chat: str
    method: str
    message: int | None
    edits: bool
    # Whether the hub could get the answer, as far as this end knows.
    answered: bool
    text: str
    # When the call came and when it was accepted, by time.monotonic().
    began: float = 0
    at: float = 0
    # Whether a process that sends was killed meanwhile or right after, so that it could not note what it had done.
    killed: bool = False


def identify(text: str, labels: list[str]) -> Key | None:
    """The event that a caption is about."""
    time_of_trigger = re.search(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", text)
    label = next((label for label in labels if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text)), None)
    return (label, f"{time_of_trigger[1]} {time_of_trigger[2]}") if time_of_trigger and label else None


def caption_of(fields: dict[str, str]) -> str:
    for name in ("caption", "text"):
        if fields.get(name):
            return fields[name]
    try:
        return str(json.loads(fields.get("media", "{}")).get("caption") or "")
    except (ValueError, AttributeError):
        return ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        # That a killed hub's connections break is no news.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class FaultyBot:
    """What it accepted is in `accepted`. The hub's calls pass through to a well-behaved server, unless a fault is due.

    `plan` gives the faults of a sensor's n-th alert; `reach` is told when an alert was accepted and is not answered yet.
    """

    def __init__(self, plan: Callable[[str, int], tuple[BotFault, ...]], reach: Callable[[str], None]) -> None:
        self.inner = botapi.BotApi()
        self.labels: list[str] = []
        self.is_peaceful = True
        self.accepted: list[Accepted] = []
        self.faults: collections.Counter[str] = collections.Counter()
        self._plan = plan
        self._reach = reach
        self._lock = threading.Lock()
        self._due: dict[Key, list[BotFault]] = {}
        self._alerts: collections.Counter[str] = collections.Counter()
        bot = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                try:
                    bot._serve(self)
                except OSError:
                    # The hub was killed meanwhile.
                    self.close_connection = True

            do_GET = do_POST

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.inner.stop()

    def user_sends(self, chat: int, text: str) -> None:
        self.inner.user_sends(chat, text)

    def accepted_so_far(self) -> list[Accepted]:
        with self._lock:
            return list(self.accepted)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length", 0))
        method = handler.path.rsplit("/", 1)[-1].lower()
        is_message = method in SENDING or method in EDITING
        content_type = handler.headers.get("Content-Type", "")
        body = handler.rfile.read(length)
        if len(body) < length:
            handler.close_connection = True
            return
        fields = botapi.parse(content_type, body)[0] if is_message else {}
        began = time.monotonic()
        text = caption_of(fields)
        key = identify(text, self.labels) if is_message else None
        fault = self._take_fault(key)
        if fault is not None:
            if fault.kind == "delay":
                time.sleep(fault.seconds)
            elif fault.kind == "too_many":
                return _answer(handler, *botapi.error(429, "Too Many Requests: retry after 1", retry_after=1))
            elif fault.kind == "server":
                return _answer(handler, *botapi.error(500, "Internal Server Error"))
            elif fault.kind == "garbage":
                return _send(handler, 200, b"<html>Bad gateway</html>")
            elif fault.kind == "close_before":
                return _reset(handler)
        status, data = self._pass_on(handler, body)
        loses_answer = fault is not None and fault.kind in ("garbage_after", "close_after")
        if is_message and status == 200:
            result = json.loads(data).get("result")
            number = result.get("message_id") if isinstance(result, dict) else None
            with self._lock:
                self.accepted.append(Accepted(
                    key, fields.get("chat_id", ""), method, int(fields.get("message_id") or 0) or number, method in EDITING, not loses_answer, text,
                    began, time.monotonic()))
            if key is not None:
                self._reach("accepted")
        if fault is not None and fault.kind == "garbage_after":
            return _send(handler, 200, b'{"ok":tr')
        if fault is not None and fault.kind == "close_after":
            return _reset(handler)
        _send(handler, status, data)

    def _take_fault(self, key: Key | None) -> BotFault | None:
        with self._lock:
            if key is None:
                return None
            if key not in self._due:
                self._due[key] = list(self._plan(key[0], self._alerts[key[0]]))
                self._alerts[key[0]] += 1
            if self.is_peaceful or not self._due[key]:
                return None
            fault = self._due[key].pop(0)
            self.faults[fault.kind] += 1
            return fault

    def _pass_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        request = urllib.request.Request(
            self.inner.url + handler.path, data=body, method=handler.command,
            headers={"Content-Type": handler.headers.get("Content-Type", "application/json")})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def _answer(handler: BaseHTTPRequestHandler, status: int, answer: dict) -> None:
    _send(handler, status, json.dumps(answer).encode())


def _send(handler: BaseHTTPRequestHandler, status: int, data: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    # The server closes it, which this makes a reset.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
