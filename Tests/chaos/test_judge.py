"""The judge must be able to fail: each test plants one fault in a world where all is well."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import paths  # noqa: F401
import pytest

from bot import Accepted, caption_of, identify
from judge import SentClip, StoredEvent, Verdict, judge
from plan import Plan


@dataclass
class World:
    clips: list[SentClip]
    events: list[StoredEvent]
    accepted: list[Accepted]

    def judge(self) -> Verdict:
        return judge(self.clips, self.events, self.accepted)


def message(second: int, chat: str = "5000", label: str = "Camera 01", **more) -> Accepted:
    key = (label, f"2026-11-21 04:05:{second:02}")
    return Accepted(**{"key": key, "chat": chat, "method": "sendvideo", "message": second, "edits": False, "answered": True, "text": "…", **more})


@pytest.fixture
def world() -> World:
    """A streamed clip and an upload with an alert each, one in which nothing moves, and one of another account that has no chat."""
    def clip(number: int, account: str = "ann", label: str = "Camera 01", chat: str | None = "5000", **more) -> SentClip:
        return SentClip(**{
            "event": f"e{number}", "account": account, "label": label, "chat": chat, "way": "stream", "frames": 10 + number,
            "acknowledged": 11 + number, "durable": True, "opens": 1, **more})

    def event(number: int, account: str = "ann", label: str = "Camera 01", **more) -> StoredEvent:
        sent = {"state": "sent", "attempts": 1, "reason": None, "possible_repeat": False}
        return StoredEvent(**{
            "event": f"e{number}", "account": account, "label": label, "status": "done", "triggered_at": f"2026-11-21 04:05:{number:02}",
            "should_notify": True, "frames": 10 + number, "deliveries": [sent], **more})

    return World(
        clips=[clip(1), clip(2, way="upload", acknowledged=0, stored=True), clip(3), clip(4, "ben", "Camera 04", None)],
        events=[event(1), event(2), event(3, should_notify=False, deliveries=[]), event(4, "ben", "Camera 04", deliveries=[])],
        accepted=[message(1), message(2)])


def assert_found(world: World, words: str, **counts: int) -> None:
    verdict = world.judge()
    assert any(words in problem for problem in verdict.problems), verdict.problems
    found = {**verdict.clips, **verdict.alerts}
    assert {name: found[name.replace("_", " ")] for name in counts} == counts
    assert not verdict.is_good


def test_a_world_without_faults_is_good(world):
    verdict = world.judge()
    assert verdict.is_good and verdict.problems == []
    assert verdict.clips == {"sent": 4, "acknowledged": 4, "lost": 0, "duplicated": 0, "foreign": 0, "refused": 0, "reopened": 0}
    assert verdict.alerts["promised"] == 2 and sum(verdict.alerts.values()) == 2
    assert "acknowledged 4" in verdict.table() and "promised 2" in verdict.table()


# Clips


def test_an_event_that_is_gone_is_found(world):
    del world.events[2]
    assert_found(world, "e3 (Camera 01, stream): it was acknowledged and is not there", lost=1)


def test_an_upload_that_is_gone_is_found_even_before_it_was_finalized(world):
    world.clips[1].durable = False
    del world.events[1], world.accepted[1]
    assert_found(world, "e2 (Camera 01, upload): it was acknowledged and is not there", lost=1)


def test_a_durable_event_that_failed_is_found(world):
    world.events[2] = replace(world.events[2], status="failed", failure="torn", frames=0)
    assert_found(world, "acknowledged durable and is failed: torn", lost=1)


@pytest.mark.parametrize("status", ["recording", "uploaded", "queued", "processing", "dropped"])
def test_a_durable_event_that_is_not_done_is_found(world, status):
    world.events[2].status = status
    assert_found(world, f"acknowledged durable and is {status}", lost=1)


@pytest.mark.parametrize("frames", [0, 12, 14])
def test_a_clip_with_another_number_of_pictures_is_found(world, frames):
    world.events[2].frames = frames
    assert_found(world, f"13 pictures were sent, its clip has {frames}", lost=1)


def test_acknowledged_frames_of_a_clip_that_failed_are_found(world):
    world.clips[2].durable = False
    world.events[2] = replace(world.events[2], status="failed", failure="torn")
    assert_found(world, "14 frames were acknowledged, then it failed: torn", lost=1)


def test_a_broken_promise_while_sending_is_found(world):
    world.clips[0].complaints.append("frames below 9 were acknowledged, then 4 was asked for")
    assert_found(world, "e1 (Camera 01, stream): frames below 9 were acknowledged", lost=1)


def test_a_clip_that_was_refused_or_never_finished_is_found(world):
    world.clips[0].durable, world.clips[0].refused = False, "409: this event is failed already"
    world.clips[2].durable = False
    assert_found(world, "e1 (Camera 01, stream): the hub refused it: 409", lost=2, refused=1)
    assert_found(world, "e3 (Camera 01, stream): the sensor could not finish it")


def test_an_event_that_is_listed_twice_is_found(world):
    world.events.append(copy.copy(world.events[0]))
    assert_found(world, "listed 2 times", duplicated=1)


def test_an_event_that_was_made_again_under_another_name_is_found(world):
    world.events.append(replace(world.events[2], event="e9"))
    assert_found(world, "event e9 (Camera 01): nobody sent it", duplicated=1)


def test_an_event_that_another_account_sees_is_found(world):
    world.events.append(replace(world.events[0], account="ben"))
    assert_found(world, "event e1 of ann is listed for ben", foreign=1, duplicated=0)


# Alerts


def test_a_missing_alert_is_found_with_what_became_of_it(world):
    del world.accepted[0]
    world.events[0].deliveries = [{"state": "failed", "attempts": 8, "reason": "Telegram has a problem"}]
    assert_found(world, "no message was accepted (failed after 8: Telegram has a problem)", missing=1)
    world.events[0].deliveries = []
    assert_found(world, "no message was accepted (no delivery)", missing=1)


def test_an_edit_alone_is_no_alert(world):
    world.accepted[0] = replace(world.accepted[0], edits=True, method="editmessagemedia")
    assert_found(world, "no message was accepted", missing=1)


def test_a_repeat_that_is_not_marked_is_found(world):
    world.accepted.append(message(1, message=9))
    assert_found(world, "2 messages were accepted (answered, answered)", repeated=1, repeated_without_a_cause=1)
    world.accepted[0] = message(1, answered=False)
    assert_found(world, "2 messages were accepted (answer lost, answered)", repeated=1, repeated_without_a_cause=0)
    world.accepted[0] = message(1, killed=True)
    assert_found(world, "2 messages were accepted (sender killed, answered)", repeated=1, repeated_without_a_cause=0)
    # A hub that knows nothing of marks does not mark.
    del world.events[0].deliveries[0]["possible_repeat"]
    assert_found(world, "2 messages were accepted", repeated=1)
    # The mark of another event's delivery does not count.
    world.events[1].deliveries[0]["possible_repeat"] = True
    assert_found(world, "2 messages were accepted", repeated=1, repeated_but_marked=0)


def test_a_repeat_that_is_marked_is_counted_and_allowed(world):
    world.accepted.append(message(1, message=9))
    world.events[0].deliveries[0]["possible_repeat"] = True
    verdict = world.judge()
    assert verdict.is_good and verdict.alerts["repeated but marked"] == 1 and verdict.alerts["repeated"] == 0


def test_a_message_that_is_changed_later_is_no_repeat(world):
    world.accepted[0] = replace(world.accepted[0], method="sendphoto")
    world.accepted.append(message(1, method="editmessagemedia", edits=True))
    assert world.judge().is_good


def test_an_alert_in_the_wrong_chat_is_found(world):
    world.accepted[0] = message(1, chat="5004")
    assert_found(world, "went to chat 5004 instead of 5000", misdirected=1)
    world.accepted = [message(1), message(2), message(4, label="Camera 04")]
    assert_found(world, "went to chat 5000 instead of None", misdirected=1)


def test_messages_that_belong_to_nothing_are_found(world):
    world.accepted.append(message(59))
    assert_found(world, "1 messages are about an event that is not there: Camera 01, 2026-11-21 04:05:59")
    world.accepted[-1] = replace(message(59), key=None, text="Hello")
    assert_found(world, "a message belongs to no event: 'Hello'")


def test_an_alert_that_nobody_asked_for_is_counted(world):
    world.accepted.append(message(3))
    assert world.judge().alerts["unasked"] == 1


# What the judge is told


@pytest.mark.parametrize("text, key", [
    ("Motion · Camera 01\nMovement for 1 s.\n2026-11-21 04:05:06 UTC", ("Camera 01", "2026-11-21 04:05:06")),
    ("<b>Camera 01</b>: motion at 2026-11-21T04:05:06Z", ("Camera 01", "2026-11-21 04:05:06")),
    ("Motion · Camera 011\n2026-11-21 04:05:06 UTC", None),
    ("Motion · Camera 01", None),
])
def test_a_caption_tells_its_event(text, key):
    assert identify(text, ["Camera 02", "Camera 01"]) == key


def test_a_caption_is_found_wherever_the_method_has_it():
    assert caption_of({"caption": "a"}) == caption_of({"text": "a"}) == caption_of({"media": '{"type":"video","caption":"a"}'}) == "a"
    assert caption_of({"media": "nonsense"}) == caption_of({"media": "[]"}) == caption_of({}) == ""


def test_the_same_seed_gives_the_same_plan():
    def plan(seed: int) -> Plan:
        return Plan(seed, 20, 5, has_worker=True)

    assert plan(1).digest == plan(1).digest != plan(2).digest
    # Whoever asks first changes nothing.
    first, second = plan(3), plan(3)
    first.bot(0, 0)
    first.line(2, 5, 1)
    assert first.round(7) == second.round(7) and first.line(2, 5, 1) == second.line(2, 5, 1)
    # With more rounds the first ones stay.
    assert Plan(3, 90, 5, has_worker=True).round(7) == second.round(7)
    kinds = {plan(1).line(0, number, 0).kind for number in range(100)}
    assert kinds == {"none", "refuse", "cut", "orphan", "silent", "stall", "slow"}
    assert all(kill.target == "hub" for number in range(50) for kill in Plan(1, 50, 5, has_worker=False).round(number).kills)
