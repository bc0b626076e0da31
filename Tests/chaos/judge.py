"""What was promised against what is there. Pure: everything was gathered before."""

from __future__ import annotations

import collections
from dataclasses import dataclass, field
from typing import Literal

from bot import Accepted, Key


@dataclass
class SentClip:
    """What a sensor knows of one of its clips."""

    event: str
    account: str
    label: str
    # Where its alert goes; none: no alert is due.
    chat: str | None
    way: Literal["stream", "upload"]
    # Pictures, without the codec's configuration.
    frames: int
    # `next` of the last clip.ack.
    acknowledged: int = 0
    # An upload's bytes were answered 200.
    stored: bool = False
    # The hub said that it has all of it for sure.
    durable: bool = False
    # The hub said that it will never take it.
    refused: str | None = None
    # Promises that the hub broke while it was sent.
    complaints: list[str] = field(default_factory=list)
    opens: int = 0
    put_off: int = 0


@dataclass
class StoredEvent:
    """An event as the hub lists it."""

    event: str
    # For whom it was listed.
    account: str
    label: str
    status: str
    # "2026-11-21 04:05:06"
    triggered_at: str
    should_notify: bool
    failure: str | None = None
    # Pictures in the clip that is served; 0: none, or it does not play.
    frames: int = 0
    deliveries: list[dict] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.label, self.triggered_at

    @property
    def may_repeat(self) -> bool:
        return any(delivery.get("possible_repeat") is True for delivery in self.deliveries)


@dataclass
class Verdict:
    clips: dict[str, int]
    alerts: dict[str, int]
    # Each a sentence; none: nothing was lost or doubled.
    problems: list[str]

    @property
    def is_good(self) -> bool:
        return not self.problems

    def table(self) -> str:
        rows = [("clips", self.clips), ("alerts", self.alerts)]
        return "\n".join(f"{title:<7} " + "  ".join(f"{name} {count}" for name, count in counts.items()) for title, counts in rows)


def judge(clips: list[SentClip], events: list[StoredEvent], accepted: list[Accepted]) -> Verdict:
    """`events` are the listings of all accounts, one after another."""
    problems: list[str] = []
    sent = {clip.event: clip for clip in clips}
    listed: dict[str, list[StoredEvent]] = collections.defaultdict(list)
    for event in events:
        listed[event.event].append(event)

    lost, doubled, strangers = _judge_clips(clips, listed, sent, problems)
    alerts = _judge_alerts([found[0] for name, found in listed.items() if name in sent], sent, accepted, problems)
    return Verdict(
        clips={
            "sent": len(clips), "acknowledged": sum(clip.durable for clip in clips), "lost": lost, "duplicated": doubled,
            "foreign": strangers, "refused": sum(clip.refused is not None for clip in clips), "reopened": sum(clip.opens > 1 for clip in clips),
        },
        alerts=alerts, problems=problems)


def _judge_clips(
    clips: list[SentClip], listed: dict[str, list[StoredEvent]], sent: dict[str, SentClip], problems: list[str]
) -> tuple[int, int, int]:
    lost = doubled = strangers = 0
    for clip in clips:
        name = f"event {clip.event} ({clip.label}, {clip.way})"
        complaints = list(clip.complaints)
        found = [event for event in listed.get(clip.event, []) if event.account == clip.account]
        if clip.refused is not None:
            complaints.append(f"the hub refused it: {clip.refused}")
        elif not clip.durable:
            complaints.append("the sensor could not finish it")
        promised = clip.durable or clip.stored or clip.acknowledged > 0
        if not found and promised:
            complaints.append("it was acknowledged and is not there")
        elif found and clip.durable and found[0].status != "done":
            complaints.append(f"it was acknowledged durable and is {found[0].status}" + (f": {found[0].failure}" if found[0].failure else ""))
        elif found and clip.durable and found[0].frames != clip.frames:
            complaints.append(f"{clip.frames} pictures were sent, its clip has {found[0].frames}")
        elif found and not clip.durable and clip.acknowledged > 0 and found[0].status == "failed":
            complaints.append(f"{clip.acknowledged} frames were acknowledged, then it failed: {found[0].failure}")
        if complaints:
            lost += 1
            problems += [f"{name}: {complaint}" for complaint in complaints]
        if len(found) > 1:
            doubled += 1
            problems.append(f"{name}: listed {len(found)} times")
    for name, found in listed.items():
        owner = sent[name].account if name in sent else None
        for event in found:
            if owner is None:
                # Nobody sent it: some event was made a second time under another name.
                doubled += 1
                problems.append(f"event {name} ({event.label}): nobody sent it")
            elif event.account != owner:
                strangers += 1
                problems.append(f"event {name} of {owner} is listed for {event.account}")
    return lost, doubled, strangers


def _judge_alerts(events: list[StoredEvent], sent: dict[str, SentClip], accepted: list[Accepted], problems: list[str]) -> dict[str, int]:
    by_key: dict[Key, list[Accepted]] = collections.defaultdict(list)
    for message in accepted:
        if message.key is None:
            problems.append(f"a message belongs to no event: {message.text!r}")
        elif not message.edits:
            # A message that is changed later is one message.
            by_key[message.key].append(message)

    counts = collections.Counter[str]()
    for event in events:
        clip = sent[event.event]
        name = f"event {event.event} ({event.label}, {event.triggered_at})"
        messages = by_key.pop(event.key, [])
        is_due = clip.chat is not None and event.should_notify and event.status == "done"
        counts["promised"] += is_due
        counts["unasked"] += not is_due and bool(messages)
        counts["marked"] += event.may_repeat
        if is_due and not messages:
            counts["missing"] += 1
            states = ", ".join(f"{d.get('state')} after {d.get('attempts')}: {d.get('reason')}" for d in event.deliveries) or "no delivery"
            problems.append(f"{name}: no message was accepted ({states})")
        if len(messages) > 1 and event.may_repeat:
            counts["repeated but marked"] += 1
        elif len(messages) > 1:
            counts["repeated"] += 1
            problems.append(f"{name}: {len(messages)} messages were accepted ({', '.join(map(_outcome, messages))}), and no delivery says so")
            # Not even the faults of the plan explain it.
            counts["repeated without a cause"] += any(message.answered and not message.killed for message in messages[:-1])
        for chat in {message.chat for message in messages} - {clip.chat}:
            counts["misdirected"] += 1
            problems.append(f"{name}: a message went to chat {chat} instead of {clip.chat}")
    for key, messages in by_key.items():
        problems.append(f"{len(messages)} messages are about an event that is not there: {key[0]}, {key[1]}")
    names = ("promised", "missing", "repeated", "repeated without a cause", "repeated but marked", "marked", "unasked", "misdirected")
    return {name: counts[name] for name in names}


def _outcome(message: Accepted) -> str:
    return "sender killed" if message.killed else "answered" if message.answered else "answer lost"
