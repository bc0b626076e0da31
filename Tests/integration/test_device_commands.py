"""Commands to a camera: they reach it now or not at all, and who gave them is told what became of them."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sensor import Peer, RpcError

SILENCE = 10


class Camera(Peer):
    """Does what it is told, as `behave` says: `(command, args) -> result` without the id, or None for silence."""

    def __init__(self, account, behave=lambda command, args: {"ok": True}, device: str | None = None) -> None:
        super().__init__(account.hub, account.token, device or account.device)
        self.behave = behave
        self.heard: list[dict] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.ended.is_set():
            try:
                self.receive(0.05)
            except TimeoutError:
                pass
            except Exception:
                return
            for push in self.pushes:
                data = push.get("message", {}).get("data", {})
                if data.get("type") == "command" and data not in self.heard:
                    self.heard.append(data)
                    result = self.behave(data["command"], data["args"])
                    if result is not None:
                        answer = {"method": "device.commandResult", "data": {"id": data["id"], **result}}
                        self.socket.send(json.dumps({"id": 1000 + len(self.heard), "rpc": answer}))

    def leave(self) -> None:
        self.ended.set()
        self.thread.join()
        self.close()


def refused(peer: Peer, data: dict) -> RpcError:
    with pytest.raises(RpcError) as error:
        peer.rpc("device.command", data)
    return error.value


def test_a_command_reaches_the_camera_and_its_answer_comes_back(account, hub):
    camera = Camera(account, lambda command, args: {"ok": command != "torch", "message": "no torch here", "data": {"args": args}})
    viewer = Peer(hub, account.token)
    status, answer, _ = account.call("POST", f"/devices/{account.device}/commands", {"command": "siren", "args": {"on": True, "seconds": 3}})
    assert (status, answer) == (200, {"ok": True, "message": "no torch here", "data": {"args": {"on": True, "seconds": 3}}})
    answer = viewer.rpc("device.command", {"device_id": account.device, "command": "torch", "args": {"on": True}})
    assert answer == {"ok": False, "message": "no torch here", "data": {"args": {"on": True}}}
    first = camera.heard[0]
    assert first["command"] == "siren" and SILENCE * 1000 - 50 <= first["expires_at"] - first["at"] <= SILENCE * 1000
    camera.leave()


@pytest.mark.parametrize("behave, expected", [
    (lambda *_: {"ok": True}, {"ok": True, "message": None, "data": None}),
    (lambda *_: {"ok": False, "message": "not now"}, {"ok": False, "message": "not now", "data": None}),
])
def test_message_and_data_may_be_missing(account, behave, expected):
    camera = Camera(account, behave)
    assert account.post(f"/devices/{account.device}/commands", {"command": "record"}) == expected
    camera.leave()


def test_what_is_no_command_is_named(account, hub):
    viewer, path = Peer(hub, account.token), f"/devices/{account.device}/commands"
    for body, field in [({"command": "dance"}, "command"), ({}, "command"), ({"command": "siren", "args": {"on": True, "seconds": 61}}, "args.seconds")]:
        status, answer, _ = account.call("POST", path, body)
        assert (status, answer["error"]["field"]) == (400, field)
        error = refused(viewer, {"device_id": account.device, **body})
        assert error.code == 107 and str(error).startswith(field)


def test_other_peoples_cameras_are_not_found_and_a_camera_gives_no_commands(account, other, hub):
    camera, stranger = Camera(account), Peer(hub, other.token)
    assert other.call("POST", f"/devices/{account.device}/commands", {"command": "siren", "args": {"on": True}})[0] == 404
    assert refused(stranger, {"device_id": account.device, "command": "stop"}).code == 404
    second = Peer(hub, account.token, account.post("/devices/register", {"label": "Door"})["device_id"])
    assert refused(second, {"device_id": account.device, "command": "stop"}).code == 103
    with pytest.raises(RpcError) as error:
        stranger.rpc("device.commandResult", {"id": "x", "ok": True})
    assert error.value.code == 103
    assert camera.heard == []
    camera.leave()


def test_a_camera_that_is_not_there_is_told_at_once_and_hears_nothing_when_it_comes(account, hub):
    viewer = Peer(hub, account.token)
    began = time.monotonic()
    status, answer, _ = account.call("POST", f"/devices/{account.device}/commands", {"command": "siren", "args": {"on": True}})
    assert (status, answer["error"]["code"]) == (409, "camera_offline")
    assert refused(viewer, {"device_id": account.device, "command": "record"}).code == 409
    assert time.monotonic() - began < SILENCE / 2
    # What was not heard live is in no history.
    late = Peer(hub, account.token, account.device, subs={f"sensor:{account.device}": {"recover": True, "epoch": "", "offset": 0}})
    assert late.ask({"ping": {}}) and "command" not in str(late.hello) and not [push for push in late.pushes if "message" in push]


def test_a_silent_camera_holds_up_nobody_and_has_so_many_waiting_at_most(account, hub):
    camera, viewer, other_camera = Camera(account, lambda *_: None), Peer(hub, account.token), account.post("/devices/register", {"label": "Door"})["device_id"]
    answering = Camera(account, device=other_camera)
    path = f"/devices/{account.device}/commands"
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(account.call, "POST", path, {"command": "record"}) for _ in range(16)]
        deadline = time.monotonic() + SILENCE / 2
        while len(camera.heard) < 16:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        error = refused(viewer, {"device_id": account.device, "command": "record"})
        assert error.code == 106
        assert account.call("POST", path, {"command": "record"})[0] == 429
        # Neither the other camera nor this viewer waits for it.
        assert viewer.rpc("device.command", {"device_id": other_camera, "command": "record"})["ok"]
        answers = [each.result() for each in waiting]
    assert {(status, answer["error"]["code"]) for status, answer, _ in answers} == {(504, "camera_silent")}
    # An answer that comes too late is for nobody.
    with pytest.raises(RpcError) as late:
        Peer(hub, account.token, account.device).rpc("device.commandResult", {"id": camera.heard[0]["id"], "ok": True})
    assert late.value.code == 404
    answering.leave()


def test_the_other_commands_of_a_viewer_do_not_wait_for_the_camera(account, hub):
    camera, viewer = Camera(account, lambda *_: None), Peer(hub, account.token)
    command = {"method": "device.command", "data": {"device_id": account.device, "command": "stop"}}
    viewer.socket.send(json.dumps({"id": 500, "rpc": command}))
    began = time.monotonic()
    assert viewer.rpc("live.unwatch", {"stream": 1}) == {}
    assert time.monotonic() - began < SILENCE / 2
    while not (answer := next((each for each in viewer.receive(SILENCE + 5) if each.get("id") == 500), None)):
        pass
    assert (answer["error"]["code"], answer["error"]["temporary"]) == (108, True)
    camera.leave()


def test_a_camera_that_goes_away_before_it_answers_is_offline(account, hub):
    camera = Camera(account, lambda *_: None)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(account.call, "POST", f"/devices/{account.device}/commands", {"command": "record"})
        while not camera.heard:
            time.sleep(0.01)
        camera.leave()
        status, answer, _ = waiting.result()
    assert (status, answer["error"]["code"]) == (409, "camera_offline")
