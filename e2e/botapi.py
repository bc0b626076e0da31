"""A local Bot API server: the wire format, limits and errors that Telegram documents, for one bot.

https://core.telegram.org/bots/api: getMe, getUpdates, deleteWebhook, sendMessage, sendPhoto, sendVideo.
"""

from __future__ import annotations

import email.parser
import email.policy
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "123456:a-token-for-tests"
MAXIMUM_UPLOAD = 50 * 1024 * 1024
MAXIMUM_CAPTION = 1024
MAXIMUM_TEXT = 4096


@dataclass
class Message:
    method: str
    chat: str
    text: str
    at: float
    files: dict[str, bytes] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


class BotApi:
    """Runs until `stop`; what it was sent is in `messages`."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.changed = threading.Condition()
        self._updates: list[dict] = []
        self._next_update = 1
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = api._answer(self.path, self.headers.get("Content-Type", ""), body)
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def user_sends(self, chat: int, text: str, username: str = "someone") -> None:
        """A person writes to the bot."""
        with self.changed:
            self._updates.append(
                {
                    "update_id": self._next_update,
                    "message": {
                        "message_id": self._next_update,
                        "date": int(time.time()),
                        "chat": {"id": chat, "type": "private"},
                        "from": {"id": chat, "is_bot": False, "first_name": "Some", "username": username},
                        "text": text,
                    },
                }
            )
            self._next_update += 1

    def wait_for(self, method: str, timeout: float = 60) -> Message:
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                for message in self.messages:
                    if message.method == method:
                        return message
                if not self.changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"no {method} came in {timeout} s; there were {[m.method for m in self.messages]}")

    def _answer(self, path: str, content_type: str, body: bytes) -> tuple[int, dict]:
        parts = path.strip("/").split("/")
        if len(parts) != 2 or not parts[0].startswith("bot"):
            return error(404, "Not Found")
        if parts[0] != f"bot{TOKEN}":
            return error(401, "Unauthorized")
        try:
            fields, files = parse(content_type, body)
        except ValueError as problem:
            return error(400, f"Bad Request: {problem}")
        method = parts[1].lower()
        if method == "getme":
            return ok({"id": 123456, "is_bot": True, "first_name": "Ping Watch", "username": "pingwatch_test_bot"})
        if method == "deletewebhook":
            return ok(True)
        if method == "getupdates":
            offset = int(fields.get("offset") or 0)
            with self.changed:
                self._updates = [update for update in self._updates if update["update_id"] >= offset]
                return ok(self._updates[:100])
        if method in ("sendmessage", "sendphoto", "sendvideo"):
            return self._send(parts[1], fields, files)
        return error(404, "Not Found: method not found")

    def _send(self, method: str, fields: dict[str, str], files: dict[str, bytes]) -> tuple[int, dict]:
        if not fields.get("chat_id"):
            return error(400, "Bad Request: chat_id is empty")
        text = fields.get("text" if method == "sendMessage" else "caption", "")
        if method == "sendMessage" and not text:
            return error(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > (MAXIMUM_TEXT if method == "sendMessage" else MAXIMUM_CAPTION):
            return error(400, "Bad Request: message caption is too long")
        needed = {"sendVideo": "video", "sendPhoto": "photo"}.get(method)
        if needed and needed not in files:
            return error(400, f"Bad Request: there is no {needed} in the request")
        if any(len(content) > MAXIMUM_UPLOAD for content in files.values()):
            return error(413, "Request Entity Too Large")
        with self.changed:
            now = time.time()
            recent = [m for m in self.messages if m.chat == fields["chat_id"] and now - m.at < 0.5]
            if recent:
                return error(429, "Too Many Requests: retry after 1", retry_after=1)
            self.messages.append(Message(method, fields["chat_id"], text, now, files, fields))
            self.changed.notify_all()
            return ok({"message_id": len(self.messages), "date": int(now), "chat": {"id": int(fields["chat_id"]), "type": "private"}})


def parse(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    if content_type.startswith("application/json"):
        return {key: str(value) for key, value in json.loads(body or b"{}").items() if value is not None}, {}
    if not content_type.startswith("multipart/form-data"):
        return {}, {}
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename():
            files[name] = content
        else:
            fields[name] = content.decode()
    return fields, files


def ok(result: object) -> tuple[int, dict]:
    return 200, {"ok": True, "result": result}


def error(code: int, description: str, **parameters: object) -> tuple[int, dict]:
    answer: dict = {"ok": False, "error_code": code, "description": description}
    if parameters:
        answer["parameters"] = parameters
    return code, answer
