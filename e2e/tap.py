"""A network between browser and hub that a test listens to."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter

from gate import copy


class Tap:
    """Passes connections on to a hub, and counts what is asked for by paths."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.asked: Counter[str] = Counter()
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            hub = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._up, args=(client, hub), daemon=True).start()
            threading.Thread(target=copy, args=(hub, client), daemon=True).start()

    def _up(self, client: socket.socket, hub: socket.socket) -> None:
        data = b""
        while piece := client.recv(65536):
            data += piece
            # A browser sends no request before the answer to the one before.
            for path in re.findall(rb"(?:GET|HEAD) (\S+) HTTP/1\.1\r\n", data):
                self.asked[path.decode()] += 1
            data = data.rpartition(b"\r\n")[2]
            hub.sendall(piece)
        hub.close()
