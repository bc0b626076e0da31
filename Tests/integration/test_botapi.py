"""The local Bot API server is as strict as the real one, and breaks as it is told to."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
import uuid

import botapi
import pytest


@pytest.fixture
def api():
    api = botapi.BotApi()
    api.set_pace(0)
    yield api
    api.stop()


def call(api, method: str, files: dict[str, bytes] | None = None, *, timeout: float = 10, **fields):
    """Status, and the answer's result or its whole."""
    kind, body = "application/json", json.dumps(fields).encode()
    if files is not None:
        boundary = uuid.uuid4().hex
        kind, body = f"multipart/form-data; boundary={boundary}", b""
        for name, value in fields.items():
            text = value if isinstance(value, str) else json.dumps(value)
            body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, content in files.items():
            body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'.encode()
            body += b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
    request = urllib.request.Request(f"{api.url}/bot{botapi.TOKEN}/{method}", body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            answer = json.load(response)
            return response.status, answer["result"]
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def refused(api, method: str, files: dict[str, bytes] | None = None, **fields) -> str:
    status, answer = call(api, method, files, **fields)
    assert status == 400 and not answer["ok"] and answer["error_code"] == 400, (status, answer)
    return answer["description"].removeprefix("Bad Request: ")


def keyboard(*buttons: dict) -> dict:
    return {"inline_keyboard": [list(buttons)]}


SNOOZE = {"text": "Snooze", "callback_data": "s10:x"}


def test_a_photo_becomes_a_video_and_keeps_its_history(api):
    status, sent = call(api, "sendPhoto", {"photo": b"jpeg"}, chat_id="5", caption="motion", reply_markup=keyboard(SNOOZE))
    assert status == 200 and sent["caption"] == "motion" and sent["photo"] and sent["reply_markup"] == keyboard(SNOOZE)
    media = {"type": "video", "media": "attach://video", "thumbnail": "attach://thumbnail", "caption": "a person"}
    place = {"chat_id": "5", "message_id": sent["message_id"]}
    status, edited = call(api, "editMessageMedia", {"video": b"mp4", "thumbnail": b"jpeg"}, **place, media=media)
    assert status == 200 and edited["video"] and edited["caption"] == "a person" and "reply_markup" not in edited
    assert refused(api, "editMessageMedia", {"video": b"mp4", "thumbnail": b"jpeg"}, **place, media=media).startswith("message is not modified")
    assert call(api, "editMessageCaption", **place, caption="two people", reply_markup=keyboard(SNOOZE))[0] == 200
    assert call(api, "editMessageReplyMarkup", **place)[0] == 200
    assert refused(api, "editMessageReplyMarkup", **place).startswith("message is not modified")
    assert refused(api, "editMessageText", **place, text="x") == "there is no text in the message to edit"
    message, = api.messages
    assert (message.method, message.chat, message.text, message.files) == ("sendPhoto", "5", "motion", {"photo": b"jpeg"})
    assert [edit.method for edit in message.edits] == ["editMessageMedia", "editMessageCaption", "editMessageReplyMarkup"]
    assert message.edits[0].content.files == {"video": b"mp4", "thumbnail": b"jpeg"}
    assert message.edits[1].content.keyboard == [[SNOOZE]] and message.edits[1].content.files["video"] == b"mp4"
    assert message.shown == botapi.Content("video", "two people", {"video": b"mp4", "thumbnail": b"jpeg"})
    assert api.wait_for_edit(message, "editMessageMedia", 1) is message.edits[0]


def test_what_cannot_be_edited_is_told(api):
    sent = call(api, "sendMessage", chat_id=5, text="hello")[1]["message_id"]
    assert refused(api, "editMessageText", chat_id=5, message_id=99, text="x") == "message to edit not found"
    assert refused(api, "editMessageText", chat_id=6, message_id=sent, text="x") == "message to edit not found"
    assert refused(api, "editMessageText", chat_id=5, message_id=sent, text="hello").startswith("message is not modified")
    assert refused(api, "editMessageText", chat_id=5, message_id=sent, text="") == "message text is empty"
    assert refused(api, "editMessageCaption", chat_id=5, message_id=sent, caption="x") == "there is no caption in the message to edit"
    lost = {"type": "video", "media": "attach://nothing"}
    assert "media not found" in refused(api, "editMessageMedia", {"video": b"x"}, chat_id="5", message_id=str(sent), media=lost)
    assert refused(api, "editMessageMedia", {}, chat_id="5", message_id=str(sent), media="{") == "can't parse input media JSON object"
    api.user_deletes(api.messages[0])
    assert refused(api, "editMessageText", chat_id=5, message_id=sent, text="x") == "message to edit not found"
    assert api.messages[0].edits == []


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (keyboard({"text": "x", "callback_data": "a" * 65}), "BUTTON_DATA_INVALID"),
        (keyboard({"text": "x", "callback_data": "é" * 33}), "BUTTON_DATA_INVALID"),
        (keyboard({"text": "x", "callback_data": ""}), "BUTTON_DATA_INVALID"),
        (keyboard({"text": "x"}), "Text buttons are unallowed"),
        (keyboard({"text": "x", "url": "http://localhost:8000/"}), "Wrong HTTP URL"),
        (keyboard({"text": "x", "url": "https://a.b", "callback_data": "x"}), "exactly one"),
        (keyboard({"callback_data": "x"}), 'Can\'t find field "text"'),
        ({"inline_keyboard": [SNOOZE]}, "Array of Arrays"),
        ([], "object expected"),
        ("{", "can't parse reply keyboard"),
    ],
)
def test_one_bad_button_refuses_the_message(api, markup, words):
    assert words in refused(api, "sendMessage", chat_id=5, text="x", reply_markup=markup)
    assert api.messages == []


def test_good_buttons_are_taken(api):
    buttons = keyboard({"text": "x", "callback_data": "é" * 32}, {"text": "Open", "url": "http://192.168.1.5:8000/e/1"})
    assert call(api, "sendMessage", chat_id=5, text="x", reply_markup=json.dumps(buttons))[0] == 200
    assert api.messages[0].keyboard == buttons["inline_keyboard"]


def test_limits(api):
    assert refused(api, "sendPhoto", {"photo": b"x"}, chat_id="5", caption="𝄞" * 513) == "message caption is too long"
    assert refused(api, "sendMessage", chat_id=5, text="x" * 4097) == "message is too long"
    assert refused(api, "sendPhoto", {"photo": bytes(botapi.MAXIMUM_PHOTO + 1)}, chat_id="5").startswith("file of size 10485761 bytes")
    assert refused(api, "sendVideo", {"video": b""}, chat_id="5") == "file must be non-empty"
    assert call(api, "sendVideo", {"video": bytes(botapi.MAXIMUM_UPLOAD + (1 << 17))}, chat_id="5", timeout=60)[0] == 413
    assert call(api, "sendVideo", {"video": bytes(botapi.MAXIMUM_UPLOAD + 1)}, chat_id="5", timeout=60)[0] == 413
    assert api.messages == []
    api.set_pace(30)
    assert call(api, "sendMessage", chat_id=5, text="x")[0] == 200
    status, answer = call(api, "sendMessage", chat_id=5, text="x")
    assert status == 429 and answer["parameters"] == {"retry_after": 1}
    assert call(api, "sendMessage", chat_id=6, text="x")[0] == 200


def test_chats_that_take_nothing(api):
    api.user_blocks(5)
    status, answer = call(api, "sendMessage", chat_id=5, text="x")
    assert status == 403 and answer["description"] == "Forbidden: bot was blocked by the user"
    update, = call(api, "getUpdates")[1]
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked" and update["my_chat_member"]["chat"]["id"] == 5
    api.user_unblocks(5)
    assert call(api, "sendMessage", chat_id=5, text="x")[0] == 200
    api.missing.add("6")
    assert refused(api, "sendMessage", chat_id=6, text="x") == "chat not found"
    api.migrated["-7"] = "-1007"
    assert call(api, "sendMessage", chat_id=-7, text="x")[1]["parameters"] == {"migrate_to_chat_id": -1007}


def test_a_press_comes_as_an_update_and_is_answered_once(api):
    call(api, "sendMessage", chat_id=5, text="x", reply_markup=keyboard(SNOOZE))
    query = api.user_presses(api.messages[0], "s10:x")
    update, = call(api, "getUpdates", allowed_updates=["message", "callback_query"])[1]
    press = update["callback_query"]
    assert (press["id"], press["data"], press["message"]["message_id"], press["message"]["chat"]["id"]) == (query.id, "s10:x", 1, 5)
    old = "query is too old and response timeout expired or query ID is invalid"
    assert refused(api, "answerCallbackQuery", callback_query_id="1") == old
    assert refused(api, "answerCallbackQuery", callback_query_id=query.id, text="x" * 201) == "MESSAGE_TOO_LONG"
    assert call(api, "answerCallbackQuery", callback_query_id=query.id, text="Snoozed", show_alert=True) == (200, True)
    assert api.wait_for_answer(query, 1) == {"callback_query_id": query.id, "text": "Snoozed", "show_alert": "true"}
    assert refused(api, "answerCallbackQuery", callback_query_id=query.id) == old
    assert call(api, "getUpdates", offset=update["update_id"] + 1)[1] == [] and api.updates.waiting == []
    call(api, "getUpdates", allowed_updates=["message"])
    api.user_presses(api.messages[0], "s10:x")
    api.user_sends(5, "hello")
    assert ["message" in update for update in call(api, "getUpdates")[1]] == [True]


def test_a_webhook_excludes_reading(api):
    api.user_sends(5, "hello")
    assert "HTTPS" in refused(api, "setWebhook", url="http://hub.example/")
    assert refused(api, "setWebhook", url="https://hub.example/", secret_token="a b") == "secret token contains unallowed characters"
    assert call(api, "setWebhook", url="https://hub.example/", secret_token="s") == (200, True)
    assert call(api, "getUpdates")[0] == 409
    assert call(api, "getWebhookInfo")[1] == {"url": "https://hub.example/", "has_custom_certificate": False, "pending_update_count": 1}
    assert call(api, "deleteWebhook") == (200, True)
    assert len(call(api, "getUpdates")[1]) == 1
    call(api, "deleteWebhook", drop_pending_updates=True)
    assert call(api, "getUpdates")[1] == []


def test_reading_waits_for_updates_and_one_reader_ends_another(api):
    answers = []
    # `timeout` of `call` is urllib's.
    body = json.dumps({"timeout": 20}).encode()

    def read():
        connection = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=30)
        connection.request("POST", f"/bot{botapi.TOKEN}/getUpdates", body, {"Content-Type": "application/json"})
        answers.append(connection.getresponse().status)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    api.wait_until(lambda: [call.status for call in api.calls] == [409], 10)
    api.user_sends(5, "hello")
    for reader in readers:
        reader.join(10)
    assert sorted(answers) == [200, 409]


@pytest.mark.parametrize(
    ("fault", "status"),
    [(("401",), 401), (("403",), 403), (("409",), 409), (("400", "Bad Request: odd"), 400), (("500",), 500), (("502",), 502), (("413",), 413)],
)
def test_faults_that_are_answers(api, fault, status):
    api.fail(fault)
    code, answer = call(api, "sendMessage", chat_id=5, text="x")
    assert code == status and not answer["ok"]
    if len(fault) > 1:
        assert answer["description"] == fault[1]
    assert api.messages == [] and api.calls == [] and api.pending_faults == []
    assert call(api, "sendMessage", chat_id=5, text="x")[0] == 200
    assert [call.method for call in api.calls] == ["sendMessage"]


def test_faults_of_one_method_wait_for_it(api):
    api.fail(("429", 3), ("500_after",), method="sendMessage")
    assert call(api, "getMe")[0] == 200
    assert call(api, "sendMessage", chat_id=5, text="x")[1]["parameters"] == {"retry_after": 3}
    assert call(api, "sendMessage", chat_id=5, text="x")[0] == 500
    assert len(api.messages) == 1
    with pytest.raises(ValueError):
        api.fail(("nothing",))


def test_faults_that_are_no_answers(api):
    api.fail(("close_before",), ("close_after",), ("garbage",), ("garbage_after",))
    video = {"video": bytes(20 << 20)}
    with pytest.raises((OSError, http.client.HTTPException)):
        call(api, "sendVideo", video, chat_id="5")
    assert api.messages == []
    with pytest.raises((OSError, http.client.HTTPException)):
        call(api, "sendVideo", video, chat_id="5")
    assert len(api.messages) == 1
    for count in (1, 2):
        with pytest.raises(json.JSONDecodeError):
            call(api, "sendMessage", chat_id=5, text="x")
        assert len(api.messages) == count


def test_a_late_answer(api):
    api.fail(("hang", 0.5), ("hang", 60))
    began = time.monotonic()
    assert call(api, "sendMessage", chat_id=5, text="x")[0] == 200 and time.monotonic() - began >= 0.5
    with pytest.raises(OSError):
        call(api, "sendMessage", chat_id=5, text="x", timeout=0.3)
    # It took the message, though nobody waits for its answer.
    api.wait_until(lambda: len(api.messages) == 2)


def test_strangers_and_noise(api):
    for path, status in [("/bot1:x/getMe", 401), ("/", 404), (f"/bot{botapi.TOKEN}/getNothing", 404), (f"/bot{botapi.TOKEN}/GETME", 200)]:
        try:
            assert urllib.request.urlopen(api.url + path, timeout=10).status == status
        except urllib.error.HTTPError as refusal:
            assert refusal.code == status
    for body in (b"{", b"[]", b"\xff"):
        request = urllib.request.Request(f"{api.url}/bot{botapi.TOKEN}/sendMessage", body, {"Content-Type": "application/json"})
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(request, timeout=10)
        assert refusal.value.code == 400
    assert refused(api, "sendMessage", chat_id="nobody", text="x") == "chat not found"
    assert refused(api, "sendMessage", text="x") == "chat_id is empty"
