"""A network between browser and hub that a test can take away."""

from __future__ import annotations

import socket
import threading


class Gate:
    """Passes TCP connections on to a port of this machine. Shut, it lets pages through but no WebSocket."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.is_open = True
        self.sockets: list[socket.socket] = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def shut(self) -> None:
        with self.lock:
            self.is_open = False
            for each in self.sockets:
                disconnect(each)
            self.sockets.clear()

    def open(self) -> None:
        with self.lock:
            self.is_open = True

    def stop(self) -> None:
        self.shut()
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            request = client.recv(65536)
            if request.startswith(b"GET /connection/websocket"):
                with self.lock:
                    if not self.is_open:
                        return
                    self.sockets.append(client)
            try:
                hub = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            with hub:
                hub.sendall(request)
                threading.Thread(target=copy, args=(hub, client), daemon=True).start()
                copy(client, hub)


def copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    disconnect(target)


def disconnect(each: socket.socket) -> None:
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
