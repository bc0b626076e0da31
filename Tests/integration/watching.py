"""What tests of faults do with a hub: wait, upload, stream, link chats, and cut lines."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.parse
from typing import Callable, TypeVar

from botapi import BotApi
from system import ROOT, Hub

Value = TypeVar("Value")

ENDED = ("done", "failed", "dropped")


def until(condition: Callable[[], Value], timeout: float = 20) -> Value:
    """The condition's value, once it is a true one."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not in {timeout} s"
        time.sleep(0.02)
    return value


def ended(account, event: str, timeout: float = 30) -> dict:
    """The event, once nothing happens to it any more."""
    def look() -> dict | None:
        found = account.get(f"/events/{event}")
        return found if found["status"] in ENDED else None
    return until(look, timeout)


def deliveries(account, event: str) -> list[dict]:
    return account.get(f"/events/{event}/deliveries")


def delivered(account, event: str, state: str = "sent", timeout: float = 20, count: int = 1) -> dict:
    """The event's only delivery, once it is in that state; with `count` those that are."""
    def look() -> list[dict] | None:
        found = [each for each in deliveries(account, event) if each["state"] == state]
        return found if len(found) == count else None
    try:
        found = until(look, timeout)
    except AssertionError:
        raise AssertionError(f"not {state}: {deliveries(account, event)}") from None
    assert count > 1 or len(deliveries(account, event)) == 1
    return found[0] if count == 1 else found


def seconds(text: str) -> float:
    """Since 1970, of a time as the hub writes it."""
    return datetime.datetime.fromisoformat(text).timestamp()


# Events


def report(account) -> str:
    """An event whose clip is elsewhere: it alerts at once, in words."""
    declared = account.declaration(clip_uri="https://clips.example.org/1.mp4")
    return account.post("/events", declared)["event_id"]


def initiate(account, data: bytes, duration: float, **more) -> str:
    declared = account.declaration(clip_size_bytes=len(data), duration_seconds=duration, **more)
    return account.post("/events/upload/initiate", declared)["event"]["event_id"]


def put(account, event: str, data: bytes) -> None:
    status, answer, _ = account.call("PUT", f"/events/{event}/upload", raw=data)
    assert status == 200, answer


def finalize(account, event: str) -> dict:
    return account.post(f"/events/{event}/upload/finalize")


def upload(account, clip, **more) -> str:
    """The event of a whole clip that the hub has taken."""
    event = initiate(account, clip.file, clip.seconds, **more)
    put(account, event, clip.file)
    finalize(account, event)
    return event


def acknowledged(peer, stream: int) -> int:
    """The `next` of the last `clip.ack`."""
    acks = [push["message"]["data"] for push in peer.pushes if push.get("message", {}).get("data", {}).get("type") == "clip.ack"]
    return max((ack["next"] for ack in acks if ack["stream"] == stream), default=0)


def stream(peer, clip, opened: dict, to: int | None = None) -> None:
    """Sends what the hub wants up to frame `to`, as it acknowledges."""
    number, end = opened["stream"], clip.frames if to is None else to
    for sequence in range(opened["next"], end):
        peer.send(clip.message(number, sequence))
        if sequence % 4 == 3:
            peer.wait(lambda peer, next=sequence + 1: acknowledged(peer, number) >= next)
    peer.wait(lambda peer: acknowledged(peer, number) >= end)


def close(peer, clip, opened: dict) -> dict:
    answer = peer.rpc("clip.close", {"stream": opened["stream"], "frames": clip.frames, "duration_ms": int(clip.seconds * 1000)})
    assert answer["status"] == "durable"
    return answer["event"]


def break_off(peer) -> None:
    """Resets the connection in the middle of a message, as a network does."""
    line = peer.socket.socket
    # The beginning of a masked binary message of 1000 bytes.
    line.sendall(struct.pack(">BBH", 0x82, 0x80 | 126, 1000) + bytes(100))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


# Alerts


SECRET = "hook-secret"


def link(bot: BotApi, account, chat: int) -> None:
    """The chat gets the alerts of the account's camera."""
    command = account.post("/notifications/telegram/link/start", {"device_id": account.device})["fallback_command"]
    before = len(sent(bot, chat))
    if account.hub.environment.get("TELEGRAM_WEBHOOK_SECRET") == SECRET:
        # Telegram calls such a hub, which saves the time between two readings of updates.
        update = {"update_id": chat, "message": {"message_id": 1, "chat": {"id": chat, "type": "private"}, "text": command}}
        header = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        assert account.hub.call("POST", "/notifications/telegram/webhook", update, headers=header)[0] == 200
    else:
        bot.user_sends(chat, command)
    bot.wait_until(lambda: len(sent(bot, chat)) > before, 20)
    assert sent(bot, chat)[-1].text.startswith("Connected.")
    assert target(account, chat)["disabled_reason"] is None


def sent(bot: BotApi, chat: int) -> list:
    return [message for message in bot.messages if message.chat == str(chat)]


def alerts(bot: BotApi, chat: int) -> list:
    """What the chat got besides answers to its own messages."""
    return [message for message in sent(bot, chat) if not message.text.startswith("Connected.")]


def target(account, chat: int) -> dict:
    targets = account.get(f"/notifications/targets?device_id={account.device}")
    return next(each for each in targets if each["target"] == str(chat))


def unlink(account, chat: int) -> None:
    query = urllib.parse.urlencode({"device_id": account.device, "channel": "telegram", "target": chat})
    assert account.call("DELETE", f"/notifications/targets?{query}")[0] == 204


# Processes


def run(*arguments: str, timeout: float = 30, **environment: str) -> subprocess.CompletedProcess[str]:
    """`pingwatch` until it ends by itself."""
    binary = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))
    return subprocess.run(
        [binary, *arguments], env={"PATH": os.environ["PATH"], **environment}, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


class Worker:
    """`pingwatch worker` with the hub's data and settings."""

    def __init__(self, hub: Hub) -> None:
        binary = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))
        self.process = subprocess.Popen(
            [binary, "worker", "--data-dir", str(hub.data)], cwd=ROOT, env={"PATH": os.environ["PATH"], **hub.environment},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def __enter__(self) -> "Worker":
        line = self.process.stdout.readline()
        if "works" not in line:
            self.__exit__()
            raise RuntimeError(f"the worker did not start: {line!r}")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdout.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


class Line:
    """A TCP line to a port of this machine that can be taken away: then nobody answers, as if the server were off. Or it stalls: nothing gets
    through in either direction, not even that somebody left."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.changed = threading.Condition()
        self.sockets: list[socket.socket] = []
        self.is_stalled = False
        self.listener: socket.socket | None = None
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def shut(self) -> None:
        if self.listener is None:
            return
        # A thread that waits in accept(2) keeps a listener that is merely closed.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        with self.changed:
            for each in self.sockets:
                disconnect(each)
            self.sockets.clear()

    def stall(self, is_stalled: bool = True) -> None:
        with self.changed:
            self.is_stalled = is_stalled
            self.changed.notify_all()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            with self.changed:
                self.sockets += [client, server]
            for source, destination in [(client, server), (server, client)]:
                threading.Thread(target=self._copy, args=(source, destination), daemon=True).start()

    def _copy(self, source: socket.socket, destination: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self._wait()
                destination.sendall(data)
        except OSError:
            pass
        self._wait()
        disconnect(destination)

    def _wait(self) -> None:
        with self.changed:
            self.changed.wait_for(lambda: not self.is_stalled)


def disconnect(each: socket.socket) -> None:
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
