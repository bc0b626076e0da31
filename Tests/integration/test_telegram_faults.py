"""Whatever Telegram does: an alert arrives, or the event says why it did not."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import botapi
import pytest
from botapi_http import Fault
from botapi_wire import utf16_length
from pictures import STILL_JPEG
from sensor import STILL, Peer, frame
from system import Hub
from watching import (
    SECRET, Line, alerts, close, deliveries, delivered, ended, link, report, seconds, stream, target, unlink, until, upload,
)


def settings(api, url: str | None = None, **more: str) -> dict[str, str]:
    return {"TELEGRAM_BOT_TOKEN": botapi.TOKEN, "TELEGRAM_API_BASE_URL": url or api.url, **more}


@pytest.fixture(scope="module")
def watch(start, telegram):
    """Hears of updates by Telegram's calls, so that nobody but one reads them."""
    return start(**settings(telegram, TELEGRAM_WEBHOOK_SECRET=SECRET))


@pytest.fixture(scope="module")
def reader(start, telegram):
    """Reads the bot's updates."""
    return start(**settings(telegram))


@pytest.fixture
def linked(watch, enrol, telegram, chat):
    """An account whose camera alerts a chat."""
    account = enrol(watch)
    link(telegram, account, chat)
    yield account
    assert telegram.pending_faults == []


@pytest.fixture
def talking(reader, enrol, telegram, chat):
    """The same, and the hub hears what is said and pressed in the chat."""
    account = enrol(reader)
    link(telegram, account, chat)
    return account


# For longer than that hub waits.
HANG = ("hang", 5)
# One fault, then Telegram works again: state code, words, whether it may be there twice, and how often it is.
PASSING = [
    (("409",), 409, "another program or a webhook reads this bot's updates", False, 1),
    (("429", 1), 429, "Telegram asks to wait 1 s", False, 1),
    (("500",), 500, "Telegram has a problem (status 500)", True, 1),
    (("502",), 502, "Telegram has a problem (status 502)", True, 1),
    (("garbage",), None, "the answer was not Telegram's", True, 1),
    (("close_before",), None, "Telegram cannot be reached: ", True, 1),
    (HANG, None, "Telegram cannot be reached: ", True, 2),
    (("close_after",), None, "Telegram cannot be reached: ", True, 2),
    (("500_after",), 500, "Telegram has a problem (status 500)", True, 2),
    (("garbage_after",), None, "the answer was not Telegram's", True, 2),
]


@pytest.fixture(scope="module")
def outcomes(start, enrol):
    """What became of an alert under each of them; each has a hub and a Bot API server of its own, so that all are tried side by side."""
    def attempt(fault: Fault, api: botapi.BotApi, hub: Hub) -> tuple[dict, list] | AssertionError:
        account = enrol(hub)
        link(api, account, 4711)
        api.fail(fault, method="sendMessage")
        try:
            delivery = delivered(account, report(account))
            assert api.pending_faults == []
        except AssertionError as error:
            return error
        return delivery, alerts(api, 4711)

    faults = [case[0] for case in PASSING]
    apis = [botapi.BotApi() for _ in faults]
    try:
        for api in apis:
            api.set_pace(0)
        patience = {HANG: {"NOTIFICATION_TIMEOUT_SECONDS": "3"}}
        hubs = [start(**settings(api, TELEGRAM_WEBHOOK_SECRET=SECRET), **patience.get(fault, {})) for fault, api in zip(faults, apis)]
        with ThreadPoolExecutor(len(faults)) as pool:
            return dict(zip(faults, pool.map(attempt, faults, apis, hubs)))
    finally:
        for api in apis:
            api.stop()


@pytest.mark.parametrize("fault, code, words, possible_repeat, messages", PASSING, ids=[case[0][0] for case in PASSING])
def test_after_a_fault_that_passes_the_alert_arrives_and_says_if_it_may_be_a_repeat(
        outcomes, fault, code, words, possible_repeat, messages):
    if isinstance(outcomes[fault], AssertionError):
        raise outcomes[fault]
    delivery, sent = outcomes[fault]
    assert (delivery["attempts"], delivery["possible_repeat"], delivery["reason"]) == (2, possible_repeat, None)
    first, second = delivery["history"]
    assert (first["number"], first["outcome"], first["status_code"]) == (1, "retry", code)
    assert first["reason"].startswith(words)
    assert (second["number"], second["outcome"], second["status_code"], second["reason"]) == (2, "sent", None, None)
    assert first["started_at"] <= first["ended_at"] <= second["started_at"] <= second["ended_at"]
    assert len(sent) == messages
    # The receiver is told, too.
    assert ("You may have got this already" in sent[-1].text) == possible_repeat


def test_no_fault_at_all_is_one_attempt_and_one_message(linked, telegram, chat):
    delivery = delivered(linked, report(linked))
    assert (delivery["attempts"], delivery["possible_repeat"], delivery["stage"], delivery["target"]) == (1, False, "clip", str(chat))
    assert [attempt["outcome"] for attempt in delivery["history"]] == ["sent"] and len(alerts(telegram, chat)) == 1


def test_telegram_asks_to_wait_and_is_not_asked_again_before(linked, telegram, chat):
    telegram.fail(("429", 2), method="sendMessage")
    first, second = delivered(linked, report(linked))["history"]
    ended_at, started_at = (seconds(text) for text in (first["ended_at"], second["started_at"]))
    assert started_at - ended_at >= 1.99 and len(alerts(telegram, chat)) == 1


def test_what_telegram_refuses_for_good_fails_with_its_words_and_can_be_sent_by_hand(linked, telegram, chat):
    telegram.fail(("400", "Bad Request: can't parse entities"), method="sendMessage")
    event = report(linked)
    delivery = delivered(linked, event, "failed")
    assert (delivery["attempts"], delivery["status_code"], delivery["possible_repeat"]) == (1, 400, False)
    assert delivery["reason"] == "Telegram refused it: Bad Request: can't parse entities"
    assert [(a["outcome"], a["status_code"], a["reason"]) for a in delivery["history"]] == [("failed", 400, delivery["reason"])]
    steps = {step["step"]: step for step in linked.get(f"/events/{event}/timeline")}
    assert (steps["alerted"]["state"], steps["alerted"]["reason"]) == ("failed", delivery["reason"])
    assert alerts(telegram, chat) == []
    job, = until(lambda: linked.get(f"/jobs?state=dead&event_id={event}"))
    assert (job["work"], job["last_error"], job["delivery_id"]) == ("deliver", delivery["reason"], delivery["delivery_id"])
    linked.post(f"/jobs/{job['job_id']}/retry")
    assert delivered(linked, event)["attempts"] == 2 and len(alerts(telegram, chat)) == 1


def test_a_clip_that_telegram_does_not_take_is_told_in_words(linked, telegram, chat, small):
    telegram.fail(("400", "Bad Request: wrong file"), method="sendVideo")
    delivered(linked, upload(linked, small))
    message, = alerts(telegram, chat)
    assert message.kind == "text" and message.text.endswith("\n(Telegram did not take the clip: Bad Request: wrong file)")


@pytest.mark.parametrize("fault, messages", [(("500",), 1), (("close_before",), 1), (("close_after",), 2)], ids=["500", "close_before", "close_after"])
def test_a_clip_arrives_after_a_fault_with_its_picture_and_its_buttons(linked, telegram, chat, small, fault, messages):
    telegram.fail(fault, method="sendVideo")
    delivery = delivered(linked, upload(linked, small))
    assert delivery["attempts"] == 2 and delivery["possible_repeat"]
    assert [(m.kind, m.files["video"][4:8], m.files["thumbnail"][:3]) for m in alerts(telegram, chat)] == [("video", b"ftyp", b"\xff\xd8\xff")] * messages
    assert [button["text"] for row in alerts(telegram, chat)[-1].keyboard for button in row][:2] == ["Snooze 10 min", "Snooze 30 min"]


def test_a_token_that_is_not_accepted_waits_for_the_operator(linked, telegram, chat):
    telegram.fail(("401",), method="sendMessage")
    event = report(linked)
    delivery = delivered(linked, event, "retry")
    assert (delivery["status_code"], delivery["reason"]) == (401, "Telegram does not accept the bot's token")
    assert [(a["outcome"], a["status_code"]) for a in delivery["history"]] == [("retry", 401)] and not delivery["possible_repeat"]
    # Not at once again.
    job, = until(lambda: linked.get(f"/jobs?state=queued&work=deliver&event_id={event}"))
    assert seconds(job["run_at"]) - seconds(delivery["updated_at"]) >= 59


def test_while_telegram_is_not_there_alerts_wait_and_none_arrives_twice(start, telegram, enrol, chat):
    line = Line(int(telegram.url.rsplit(":", 1)[1]))
    hub = start(**settings(telegram, line.url, TELEGRAM_WEBHOOK_SECRET=SECRET))
    account = enrol(hub)
    link(telegram, account, chat)
    line.shut()
    event = report(account)
    delivery = delivered(account, event, "retry")
    assert delivery["reason"].startswith("nothing was sent to Telegram: ") and not delivery["possible_repeat"] and alerts(telegram, chat) == []
    line.open()
    delivery = delivered(account, event)
    assert not delivery["possible_repeat"] and delivery["attempts"] >= 2 and len(alerts(telegram, chat)) == 1
    assert {attempt["outcome"] for attempt in delivery["history"][:-1]} == {"retry"}
    line.shut()


def test_an_alert_that_came_too_late_expires_with_the_last_reason(start, telegram, enrol, chat):
    line = Line(int(telegram.url.rsplit(":", 1)[1]))
    hub = start(**settings(telegram, line.url, TELEGRAM_WEBHOOK_SECRET=SECRET, ALERT_DEADLINE_SECONDS="4"))
    account = enrol(hub)
    link(telegram, account, chat)
    line.shut()
    event = report(account)
    delivery = delivered(account, event, "expired")
    assert delivery["reason"].startswith("it could not be sent in time: nothing was sent to Telegram: ")
    job, = until(lambda: account.get(f"/jobs?state=dead&event_id={event}"))
    assert job["last_error"] == delivery["reason"]
    # A person may want it all the same.
    line.open()
    account.post(f"/jobs/{job['job_id']}/retry")
    delivered(account, event)
    line.shut()


# Chats that are gone


def test_a_chat_that_blocked_the_bot_gets_nothing_more_until_it_is_linked_again(linked, telegram, chat, other_chat):
    link(telegram, linked, other_chat)
    telegram.blocked.add(str(chat))
    event = report(linked)
    until(lambda: {each["state"] for each in deliveries(linked, event)} == {"failed", "sent"})
    found = {each["target"]: each for each in deliveries(linked, event)}
    reason = "the chat does not accept messages from the bot (blocked, or the bot was removed)"
    refused = found[str(chat)]
    assert (refused["state"], refused["reason"], refused["status_code"], refused["attempts"]) == ("failed", reason, 403, 1)
    assert not refused["possible_repeat"] and found[str(other_chat)]["state"] == "sent" and len(alerts(telegram, other_chat)) == 1
    assert target(linked, chat)["disabled_reason"] == reason and target(linked, other_chat)["disabled_reason"] is None

    # The next one is not even tried there, and says why.
    event = report(linked)
    until(lambda: {each["state"] for each in deliveries(linked, event)} == {"suppressed", "sent"})
    silent, = (each for each in deliveries(linked, event) if each["state"] == "suppressed")
    assert (silent["target"], silent["reason"], silent["attempts"]) == (str(chat), reason, 0)

    telegram.blocked.discard(str(chat))
    link(telegram, linked, chat)
    event = report(linked)
    delivered(linked, event, count=2)
    assert len(alerts(telegram, chat)) == 1


def test_a_chat_that_telegram_does_not_know_is_told_apart_from_a_bad_message(linked, telegram, chat):
    telegram.missing.add(str(chat))
    delivery = delivered(linked, report(linked), "failed")
    assert (delivery["status_code"], delivery["reason"]) == (400, "Telegram does not know the chat")
    assert target(linked, chat)["disabled_reason"] == "Telegram does not know the chat"


def test_somebody_who_blocks_the_bot_is_noticed_before_the_next_alert(talking, telegram, chat):
    telegram.user_blocks(chat)
    until(lambda: target(talking, chat)["disabled_reason"] == "the chat blocked or removed the bot")
    assert talking.get(f"/notifications/telegram/readiness?device_id={talking.device}")["ready"] is False


def test_a_group_that_became_another_chat_gets_its_alert_there(linked, telegram, chat, other_chat):
    telegram.migrated[str(chat)] = str(other_chat)
    delivered(linked, report(linked))
    assert alerts(telegram, chat) == [] and len(alerts(telegram, other_chat)) == 1
    assert target(linked, other_chat)["disabled_reason"] is None


def test_a_test_message_says_what_is_wrong(linked, telegram, chat):
    asked = {"device_id": linked.device, "channel": "telegram", "target": str(chat)}
    assert linked.post("/notifications/test", asked) == {
        "sent": True, "channel": "telegram", "target": str(chat), "status_code": None, "reason": None}
    assert alerts(telegram, chat)[-1].text == "Test: alerts of “Hall” arrive here."
    telegram.blocked.add(str(chat))
    answer = linked.post("/notifications/test", asked)
    assert (answer["sent"], answer["status_code"]) == (False, 403)
    assert answer["reason"] == "the chat does not accept messages from the bot (blocked, or the bot was removed)"
    # Nobody writes to a chat that is not theirs.
    assert linked.call("POST", "/notifications/test", asked | {"target": "4711"})[0] == 404


# Updates


def test_a_webhook_that_was_set_is_taken_away_and_what_waits_in_it_is_read(reader, enrol, telegram, chat):
    account = enrol(reader)
    started = account.post("/notifications/telegram/link/start", {"device_id": account.device})
    before = len(telegram.calls)
    with telegram.changed:
        telegram.updates.set_webhook({"url": "https://elsewhere.example.org/hook"})
        telegram.user_sends(chat, started["fallback_command"])
    until(lambda: any(each["target"] == str(chat) for each in account.get(f"/notifications/targets?device_id={account.device}")))
    assert telegram.updates.webhook is None
    removals = [call for call in telegram.calls[before:] if call.method == "deleteWebhook"]
    assert removals and all(call.fields.get("drop_pending_updates", "false") == "false" for call in removals)


@pytest.mark.parametrize("fault", [("409",), ("500",), ("garbage",), ("close_before",)], ids=lambda fault: fault[0])
def test_after_a_fault_while_updates_are_read_none_is_lost(reader, enrol, telegram, chat, fault):
    account = enrol(reader)
    telegram.fail(fault, method="getUpdates")
    link(telegram, account, chat)
    # The reading that waited when the fault was ordered may have brought the message; the next one has the fault.
    until(lambda: telegram.pending_faults == [], 30)
    delivered(account, report(account))


# First a picture, then the clip


def wants_still(account, chat: int) -> None:
    wish = {"device_id": account.device, "channel": "telegram", "target": str(chat), "still_first": True}
    assert account.post("/notifications/targets", wish)["still_first"] is True


def test_a_picture_at_once_and_the_clip_in_its_place(linked, telegram, chat, small):
    wants_still(linked, chat)
    peer = Peer(linked.hub, linked.token, linked.device)
    opened = peer.open_clip(linked.session, **small.opening())
    event = opened["event"]["event_id"]
    peer.send(frame(STILL, opened["stream"], 0, STILL_JPEG))
    message = telegram.wait_until(lambda: alerts(telegram, chat), 20)[0]
    assert (message.method, message.kind, message.files["photo"]) == ("sendPhoto", "photo", STILL_JPEG)
    assert message.text.startswith("Motion · Hall\nRecording…")
    assert linked.get(f"/events/{event}")["status"] == "recording"
    until(lambda: deliveries(linked, event)[0]["stage"] == "still")

    stream(peer, small, opened)
    close(peer, small, opened)
    peer.close()
    delivery = delivered(linked, event)
    assert (delivery["stage"], delivery["possible_repeat"]) == ("clip", False)
    assert [(a["stage"], a["outcome"]) for a in delivery["history"]] == [("still", "sent"), ("clip", "sent")]
    assert alerts(telegram, chat) == [message] and [edit.method for edit in message.edits] == ["editMessageMedia"]
    assert message.shown.kind == "video" and message.shown.files["video"][4:8] == b"ftyp" and "Recording" not in message.shown.text
    assert message.keyboard is None and len(message.shown.keyboard) == 2


@pytest.mark.parametrize("fault", [("500",), ("429", 1), ("close_after",)], ids=lambda fault: fault[0])
def test_a_clip_whose_picture_is_there_already_is_no_repeat_however_often_it_is_tried(linked, telegram, chat, small, fault):
    wants_still(linked, chat)
    telegram.fail(fault, method="editMessageMedia")
    peer = Peer(linked.hub, linked.token, linked.device)
    opened = peer.open_clip(linked.session, **small.opening())
    peer.send(frame(STILL, opened["stream"], 0, STILL_JPEG))
    telegram.wait_until(lambda: alerts(telegram, chat), 20)
    stream(peer, small, opened)
    event = close(peer, small, opened)["event_id"]
    peer.close()
    delivery = delivered(linked, event)
    assert [(a["stage"], a["outcome"]) for a in delivery["history"]] == [("still", "sent"), ("clip", "retry"), ("clip", "sent")]
    message, = alerts(telegram, chat)
    assert not delivery["possible_repeat"] and message.shown.kind == "video" and "already" not in message.shown.text


def test_a_picture_that_somebody_deleted_is_followed_by_the_clip(linked, telegram, chat, small):
    wants_still(linked, chat)
    peer = Peer(linked.hub, linked.token, linked.device)
    opened = peer.open_clip(linked.session, **small.opening())
    peer.send(frame(STILL, opened["stream"], 0, STILL_JPEG))
    telegram.user_deletes(telegram.wait_until(lambda: alerts(telegram, chat), 20)[0])
    stream(peer, small, opened)
    delivered(linked, close(peer, small, opened)["event_id"])
    peer.close()
    assert [message.kind for message in alerts(telegram, chat)] == ["photo", "video"]


def test_a_picture_whose_clip_never_comes_says_so(linked, telegram, chat, small):
    wants_still(linked, chat)
    peer = Peer(linked.hub, linked.token, linked.device)
    opened = peer.open_clip(linked.session, **small.opening())
    peer.send(frame(STILL, opened["stream"], 0, STILL_JPEG))
    message = telegram.wait_until(lambda: alerts(telegram, chat), 20)[0]
    peer.rpc("clip.abort", {"stream": opened["stream"], "reason": "the battery is empty"})
    peer.close()
    edit = telegram.wait_for_edit(message, "editMessageCaption", 20)
    assert "The clip cannot be shown: the battery is empty." in edit.content.text and alerts(telegram, chat) == [message]


def test_when_the_clip_is_ready_before_telegram_is_back_there_is_one_message(start, telegram, enrol, chat, small):
    line = Line(int(telegram.url.rsplit(":", 1)[1]))
    hub = start(**settings(telegram, line.url, TELEGRAM_WEBHOOK_SECRET=SECRET))
    account = enrol(hub)
    link(telegram, account, chat)
    wants_still(account, chat)
    line.shut()
    peer = Peer(hub, account.token, account.device)
    opened = peer.open_clip(account.session, **small.opening())
    event = opened["event"]["event_id"]
    peer.send(frame(STILL, opened["stream"], 0, STILL_JPEG))
    assert delivered(account, event, "retry")["history"][0]["stage"] == "still"
    stream(peer, small, opened)
    close(peer, small, opened)
    peer.close()
    assert ended(account, event)["status"] == "done"
    line.open()
    delivery = delivered(account, event)
    assert delivery["stage"] == "clip" and not delivery["possible_repeat"]
    message, = alerts(telegram, chat)
    assert (message.kind, message.edits) == ("video", [])
    line.shut()


# Silence that was asked for


def test_after_an_alert_there_is_a_cooldown_but_not_after_one_that_failed(start, enrol, chat):
    api = botapi.BotApi()
    api.set_pace(0)
    try:
        account = enrol(start(**settings(api, ALERT_COOLDOWN_SECONDS="600")))
        link(api, account, chat)
        api.fail(("400", "Bad Request: no"), method="sendMessage")
        delivered(account, report(account), "failed")
        delivered(account, report(account))
        silent = delivered(account, report(account), "suppressed")
        assert silent["reason"].startswith("cooldown: an alert of this camera arrived ") and silent["attempts"] == 0
        assert len(alerts(api, chat)) == 1
        # The event is there all the same, and says it.
        steps = {step["step"]: step for step in account.get(f"/events/{silent['event_id']}/timeline")}
        assert (steps["alerted"]["state"], steps["alerted"]["reason"]) == ("suppressed", silent["reason"])
    finally:
        api.stop()


def buttons(message) -> dict[str, str]:
    return {button["text"]: button["callback_data"] for row in message.keyboard for button in row}


def test_snooze_silences_the_camera_for_as_long_as_the_button_says(talking, telegram, chat):
    delivered(talking, report(talking))
    message, = alerts(telegram, chat)
    query = telegram.user_presses(message, buttons(message)["Snooze 10 min"])
    answer = telegram.wait_for_answer(query, 20)
    assert answer["text"].startswith("No alerts of this camera here until ")
    until_when = seconds(target(talking, chat)["snoozed_until"])
    assert 590 < until_when - message.at < 630
    silent = delivered(talking, report(talking), "suppressed")
    assert silent["reason"] == "snoozed" and alerts(telegram, chat) == [message]
    # A person may end it.
    talking.post("/notifications/targets", {"device_id": talking.device, "channel": "telegram", "target": str(chat), "snooze_minutes": 0})
    delivered(talking, report(talking))


def test_a_false_alarm_is_noted_in_the_event(talking, telegram, chat):
    event = report(talking)
    delivered(talking, event)
    message, = alerts(telegram, chat)
    assert talking.get(f"/events/{event}")["feedback"] is None
    query = telegram.user_presses(message, buttons(message)["False alarm"])
    assert telegram.wait_for_answer(query, 20)["text"] == "Noted as a false alarm."
    assert talking.get(f"/events/{event}")["feedback"] == "false_alarm"


def test_a_button_of_somebody_elses_alert_changes_nothing(talking, enrol, telegram, chat, other_chat):
    stranger = enrol(talking.hub)
    link(telegram, stranger, other_chat)
    event = report(talking)
    delivered(talking, event)
    delivered(stranger, report(stranger))
    mine, = alerts(telegram, chat)
    theirs, = alerts(telegram, other_chat)
    made_up = f"s10:{uuid.uuid4()}"
    pressed = [buttons(mine)["Snooze 60 min"], buttons(mine)["False alarm"], made_up, "nonsense"]
    for query in [telegram.user_presses(theirs, data) for data in pressed]:
        assert telegram.wait_for_answer(query, 20)["text"] == "This button is too old."
    for account, number in [(talking, chat), (stranger, other_chat)]:
        assert target(account, number)["snoozed_until"] is None
    assert talking.get(f"/events/{event}")["feedback"] is None
    delivered(talking, report(talking))


def test_an_alert_that_still_waits_when_its_chat_is_unlinked_stays_unsent(linked, telegram, chat):
    telegram.fail(("429", 2), method="sendMessage")
    event = report(linked)
    delivered(linked, event, "retry")
    unlink(linked, chat)
    assert delivered(linked, event, "suppressed")["reason"] == "unlinked"
    assert alerts(telegram, chat) == []
    # Later ones are not even planned, and the event says so.
    event = report(linked)
    assert ended(linked, event)["status"] == "done"
    steps = {step["step"]: step for step in linked.get(f"/events/{event}/timeline")}
    assert steps["not_alerted"]["reason"] == "nobody gets the alerts of this camera" and deliveries(linked, event) == []


# Limits


def test_a_caption_stays_within_telegrams_limit_whatever_the_camera_is_called(linked, telegram, chat, small):
    label = "📷" * 40 + "Küche" * 8
    assert len(label) == 80
    linked.post("/devices/register", {"device_id": linked.device, "label": label})
    delivered(linked, upload(linked, small, trigger_type="x" * 32))
    message, = alerts(telegram, chat)
    assert message.kind == "video" and label in message.text and utf16_length(message.text) <= botapi.MAXIMUM_CAPTION
    # And the buttons within theirs.
    assert all(len(data.encode()) <= 64 for data in buttons(message).values())


def test_no_alert_tells_the_log_whose_it_is(watch, telegram):
    text = "".join(watch.log)
    assert botapi.TOKEN not in text and json.loads(watch.log[0])
    assert not any(message.chat in text for message in telegram.messages)
