"""The Bot API server's connections, and what may go wrong on them."""

from __future__ import annotations

import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable

from botapi_wire import Answer, error

MAXIMUM_UPLOAD = 50 * 1024 * 1024

Fault = tuple
"""What goes wrong instead of an answer; the first element says what:

- ("429", seconds), ("400", text), ("401",), ("403",), ("409",), ("413",), ("500",), ("502",): that error; nothing is done.
- ("garbage",): an answer that is not JSON; nothing is done.
- ("close_before",): the connection is reset while the request comes in; nothing is done.
- ("hang", seconds): it is done, and the answer comes that much later.
- ("close_after",): it is done, and the connection closes without an answer.
- ("garbage_after",), ("500_after",), ("502_after",): it is done, and that is the answer.
"""

TEXTS = {
    "400": "Bad Request", "401": "Unauthorized", "403": "Forbidden: bot was blocked by the user",
    "409": "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    "413": "Request Entity Too Large", "500": "Internal Server Error", "502": "Bad Gateway",
}
GARBAGE = b"<html><body>It works!</body></html>"
OTHERS = ("429", "garbage", "close_before", "hang", "close_after", "garbage_after", "500_after", "502_after")


def check_fault(fault: Fault) -> None:
    if fault[0] not in TEXTS and fault[0] not in OTHERS:
        raise ValueError(f"there is no fault {fault[0]!r}")
    if fault[0] in ("429", "hang") and len(fault) != 2:
        raise ValueError(f"{fault[0]} wants seconds")


def faulty_answer(fault: Fault) -> Answer | None:
    """`None` if the fault is no answer of the Bot API."""
    name = fault[0].removesuffix("_after")
    if name == "429":
        return error(429, f"Too Many Requests: retry after {fault[1]}", retry_after=fault[1])
    if name in TEXTS:
        return error(int(name), fault[1] if len(fault) > 1 else TEXTS[name])
    return None


class Connections:
    """Serves on a free port of the loopback interface.

    `answer` gets path, content type and body. `fault` gets the path and returns what is to go wrong with this call.
    """

    def __init__(self, answer: Callable[[str, str, bytes], Answer], fault: Callable[[str], Fault | None]) -> None:
        stopped = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                wrong = fault(self.path) or ("",)
                if wrong[0] == "close_before":
                    return self._reset()
                body = self._body()
                if body is None:
                    return self._send(error(413, TEXTS["413"]))
                if wrong[0] in ("", "hang") or wrong[0].endswith("_after"):
                    result = answer(self.path, self.headers.get("Content-Type", ""), body)
                if wrong[0] == "hang":
                    stopped.wait(wrong[1])
                elif wrong[0] == "close_after":
                    self.close_connection = True
                    return
                elif wrong[0].startswith("garbage"):
                    return self._write(200, "text/html", GARBAGE)
                elif wrong[0]:
                    result = faulty_answer(wrong)
                self._send(result)

            do_GET = do_POST

            def _body(self) -> bytes | None:
                """`None` for one that is too long, which is read all the same so that the answer can be."""
                left = int(self.headers.get("Content-Length") or 0)
                # The limit is the file's; the rest of the form is small.
                if left <= MAXIMUM_UPLOAD + (1 << 16):
                    return self.rfile.read(left)
                while left > 0 and (piece := self.rfile.read(min(left, 1 << 16))):
                    left -= len(piece)
                return None

            def _send(self, result: Answer) -> None:
                self._write(result[0], "application/json", json.dumps(result[1]).encode())

            def _write(self, status: int, kind: str, data: bytes) -> None:
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    # The client did not wait.
                    self.close_connection = True

            def _reset(self) -> None:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def shutdown_request(self, request: socket.socket) -> None:
                # Not shut down before it is closed, so that a reset is one.
                self.close_request(request)

            def handle_error(self, *_: object) -> None:
                # A client that goes away in the middle of a request is what these tests are about.
                pass

        self._stopped = stopped
        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
