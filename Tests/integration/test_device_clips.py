"""What a camera says of its clips, and how many it may begin."""

from __future__ import annotations

import time

import pytest
from sensor import Peer, RpcError
from test_metrics import TOKEN, metrics
from watching import close, ended, finalize, initiate, put, stream


def refused(body) -> RpcError:
    """The error of an rpc that is refused, as it is on the wire."""
    with pytest.raises(RpcError) as error:
        body()
    return error.value


def test_a_clip_with_several_causes_keeps_them_all(account, hub, small):
    camera, at = Peer(hub, account.token, account.device), int(time.time() * 1000)
    opened = camera.open_clip(account.session, trigger={"type": "motion", "at": at, "score": 0.1}, **small.opening())
    assert [cause["type"] for cause in opened["event"]["causes"]] == ["motion"]
    stream(camera, small, opened)
    causes = [{"type": "motion", "at": at, "score": 0.1}, {"type": "sound", "at": at + 1000}, {"type": "tamper", "at": at + 2000, "score": None}]
    closing = {"stream": opened["stream"], "frames": small.frames, "duration_ms": 2000}
    for wrong, field in [
            ([{"type": "Motion", "at": at}], "causes[0].type"), ([causes[0], {"type": "sound"}], "causes[1].at"),
            ([{"type": "sound", "at": 1}], "causes[0].at"), ([7], "causes[0]"), (causes[:1] * 9, "causes"), ({}, "causes"),
            ([{"type": "sound", "at": at, "score": "loud"}], "causes[0].score")]:
        error = refused(lambda: camera.rpc("clip.close", closing | {"causes": wrong}))
        assert error.code == 107 and str(error).startswith((f"{field}:", f"{field} is missing")), str(error)
    event = camera.rpc("clip.close", closing | {"causes": causes})["event"]
    assert [(cause["type"], cause["score"]) for cause in event["causes"]] == [("motion", 0.1), ("sound", None), ("tamper", None)]
    done = ended(account, event["event_id"])
    assert done["causes"] == event["causes"] and done["causes"][0]["at"] == done["triggered_at"] and done["trigger_type"] == "motion"


def test_without_causes_the_trigger_is_the_cause(account, hub, small):
    camera = Peer(hub, account.token, account.device)
    opened = camera.open_clip(account.session, trigger={"type": "tamper", "at": int(time.time() * 1000)}, **small.opening())
    stream(camera, small, opened)
    event = close(camera, small, opened)
    assert event["causes"] == [{"type": "tamper", "at": event["triggered_at"], "score": None}]


@pytest.fixture(scope="module")
def limited(start):
    return start(UPLOADS_PER_HOUR="2", METRICS_TOKEN=TOKEN)


def test_a_camera_begins_so_many_clips_an_hour(limited, enrol, small):
    account = enrol(limited)
    camera = Peer(limited, account.token, account.device)
    assert camera.hello["data"]["limits"]["uploads_per_hour"] == 2
    first = camera.open_clip(account.session, **small.opening())
    upload = initiate(account, small.file, small.seconds)
    answer = camera.ask({"rpc": {"method": "clip.open", "data": {
        "event_id": "one-too-many", "session_id": account.session, "trigger": {"type": "motion", "at": int(time.time() * 1000)}, **small.opening()}}})
    error = answer["error"]
    assert (error["code"], error["temporary"], error["data"]["code"]) == (429, True, "uploads_per_hour")
    assert error["message"].startswith("uploads_per_hour:")
    assert 3590 < error["data"]["retry_at"] / 1000 - time.time() <= 3600
    assert account.call("GET", "/events/one-too-many")[0] == 404
    status, told, _ = account.call("POST", "/events/upload/initiate", account.declaration())
    assert (status, told["error"]["code"], told["error"]["retry_at"]) == (429, "uploads_per_hour", error["data"]["retry_at"])
    # What was begun goes on, also after a break, and other cameras are not concerned.
    camera.close()
    camera = Peer(limited, account.token, account.device)
    again = camera.open_clip(account.session, first["event"]["event_id"], **small.opening())
    stream(camera, small, again)
    close(camera, small, again)
    put(account, upload, small.file)
    finalize(account, upload)
    for event in (first["event"]["event_id"], upload):
        assert ended(account, event)["status"] == "done"
    other = enrol(limited)
    assert Peer(limited, other.token, other.device).open_clip(other.session, **small.opening())["next"] == 0
    # Clips that are kept elsewhere do not come here.
    assert account.post("/events", account.declaration(clip_uri="https://clips.example.org/1.mp4"))
    assert metrics(limited)["pingwatch_limit_refusals_total", frozenset({("limit", "uploads_per_hour")})] == 2


def test_by_default_there_is_no_such_limit(account, hub):
    assert Peer(hub, account.token, account.device).hello["data"]["limits"]["uploads_per_hour"] is None
