"""The HTTP API of docs/API.md over a real port."""

from __future__ import annotations

import hashlib
import posixpath
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest


def upload(account, data: bytes, **more) -> str:
    made = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=len(data), **more))
    status, stored, headers = account.call("PUT", made["upload_url"], raw=data)
    assert status == 200 and stored["etag"] == hashlib.sha256(data).hexdigest()
    assert headers["etag"] == f'"{stored["etag"]}"'
    event = account.post(f"/events/{made['event']['event_id']}/upload/finalize", {"etag": stored["etag"]})
    assert event["status"] == "queued"
    return event["event_id"]


def finished(account, event: str) -> dict:
    for _ in range(400):
        found = account.get(f"/events/{event}")
        if found["status"] in ("done", "failed", "dropped"):
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_clip_is_received_processed_and_served_by_ranges(account, clip):
    event = finished(account, upload(account, clip))
    assert event["status"] == "done" and event["clip_mime"] == "video/mp4" and event["width"] == 640
    assert event["inference_provider"] == "builtin" and event["summary"]
    status, whole, headers = account.hub.call("GET", event["clip_url"])
    assert status == 200 and len(whole) == event["clip_size_bytes"] and headers["accept-ranges"] == "bytes"
    for value, expected in [("bytes=0-9", whole[:10]), ("bytes=100-", whole[100:]), ("bytes=-7", whole[-7:]), ("bytes=5-99999999", whole[5:])]:
        status, part, part_headers = account.hub.call("GET", event["clip_url"], headers={"Range": value})
        assert (status, part) == (206, expected), value
        assert part_headers["content-range"].endswith(f"/{len(whole)}")
    status, error, part_headers = account.hub.call("GET", event["clip_url"], headers={"Range": f"bytes={len(whole)}-"})
    assert status == 416 and part_headers["content-range"] == f"bytes */{len(whole)}"
    status, nothing, part_headers = account.hub.call("HEAD", event["clip_url"])
    assert (status, nothing, int(part_headers["content-length"])) == (200, b"", len(whole))
    assert account.hub.call("GET", event["clip_url"], headers={"If-None-Match": headers["etag"]})[0] == 304
    status, picture, headers = account.hub.call("GET", event["thumbnail_url"])
    assert status == 200 and picture[:3] == b"\xff\xd8\xff" and headers["content-type"] == "image/jpeg"
    assert account.get(f"/events/{event['event_id']}/summary")["summary"] == event["summary"]


@pytest.mark.parametrize("change", [("s=", "s=x"), ("e=1", "e=2"), ("clip.mp4", "poster.jpg"), ("a=0", "a=1")])
def test_a_signature_is_for_one_object_of_one_account_and_a_while(account, clip, change):
    event = finished(account, upload(account, clip))
    assert account.hub.call("GET", event["clip_url"].replace(*change))[0] == 404


def test_initiating_again_goes_on_and_finalizing_again_changes_nothing(account, clip):
    body = account.declaration(clip_size_bytes=len(clip), event_id="my-own-id")
    first = account.post("/events/upload/initiate", body)
    second = account.post("/events/upload/initiate", body)
    assert first["event"]["event_id"] == second["event"]["event_id"] == "my-own-id"
    account.call("PUT", first["upload_url"], raw=clip)
    account.post("/events/my-own-id/upload/finalize")
    event = finished(account, "my-own-id")
    assert account.post("/events/my-own-id/upload/finalize")["updated_at"] == event["updated_at"]
    status, error, _ = account.call("POST", "/events/upload/initiate", body)
    assert (status, error["error"]["code"]) == (409, "already_uploaded")
    assert len(account.get("/events")) == 1


def test_what_is_not_a_video_ends_failed_with_a_reason(account):
    event = finished(account, upload(account, b"This is a text. " * 100))
    assert event["failure"] == {"stage": "processing", "reason": "this is not a video file", "retryable": False}
    assert event["clip_url"] is None


def test_a_wrong_duration_ends_failed_with_both_figures(account, clip):
    event = finished(account, upload(account, clip, duration_seconds=60))
    assert event["failure"]["reason"] == "duration_seconds: 60.0 s were declared, the clip has 3.0 s"


def test_a_body_of_another_size_is_refused_and_may_be_sent_again(account, clip):
    made = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=len(clip)))
    status, error, _ = account.call("PUT", made["upload_url"], raw=clip[:-1])
    assert (status, error["error"]["field"]) == (400, "clip_size_bytes")
    status, error, _ = account.call("POST", f"/events/{made['event']['event_id']}/upload/finalize")
    assert (status, error["error"]["code"]) == (409, "not_uploaded")
    assert account.call("PUT", made["upload_url"], raw=clip)[0] == 200


def test_an_upload_that_breaks_off_leaves_no_trace(account, clip):
    made = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=len(clip)))
    with socket.create_connection(("127.0.0.1", account.hub.port)) as connection:
        head = f"PUT {made['upload_url']} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {account.token}\r\nContent-Length: {len(clip)}\r\n\r\n"
        connection.sendall(head.encode() + clip[:50_000])
        time.sleep(0.05)
    folder = account.hub.data / "clips"
    for _ in range(100):
        if not list(folder.rglob("*.part")):
            break
        time.sleep(0.05)
    assert not list(folder.rglob(f"{made['event']['event_id']}/*"))


BAD = [
    ("/devices/register", {}, "label"),
    ("/devices/register", {"label": ""}, "label"),
    ("/devices/register", {"label": "x" * 81}, "label"),
    ("/devices/register", {"label": 5}, "label"),
    ("/devices/register", {"label": "x", "device_id": "../x"}, "device_id"),
    ("/sessions/start", {}, "device_id"),
    ("/sessions/stop", {"session_id": []}, "session_id"),
    ("/events/upload/initiate", {"trigger_type": "MOTION"}, "trigger_type"),
    ("/events/upload/initiate", {"clip_size_bytes": 0}, "clip_size_bytes"),
    ("/events/upload/initiate", {"clip_size_bytes": 1.5}, "clip_size_bytes"),
    ("/events/upload/initiate", {"clip_size_bytes": 10**15}, "clip_size_bytes"),
    ("/events/upload/initiate", {"duration_seconds": -1}, "duration_seconds"),
    ("/events/upload/initiate", {"duration_seconds": "3"}, "duration_seconds"),
    ("/events/upload/initiate", {"clip_mime": "text/plain"}, "clip_mime"),
    ("/events/upload/initiate", {"event_id": "a/b"}, "event_id"),
    ("/events", {"clip_uri": "file:///etc/passwd"}, "clip_uri"),
]


@pytest.mark.parametrize("path, body, field", BAD)
def test_a_wrong_field_is_named(account, path, body, field):
    if path.startswith("/events"):
        body = account.declaration(**body)
    status, answer, _ = account.call("POST", path, body)
    assert status == 400, answer
    assert answer["error"]["field"] == field and field in answer["error"]["message"] + field
    assert account.get("/events") == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"label": "\xc3"}', b"[" * 100_000])
def test_what_is_not_a_json_object_is_refused(account, raw):
    status, answer, _ = account.call("POST", "/devices/register", raw=raw)
    assert status == 400 and answer["error"]["code"], answer


def test_a_body_that_is_too_large_is_refused(account):
    status, answer, _ = account.call("POST", "/devices/register", raw=b"x" * 300_000)
    assert (status, answer["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["/events/none", "/events/none/summary", "/events/none/deliveries", "/media/none/clip.mp4", "/nothing/here"])
def test_what_does_not_exist_is_404(account, path):
    status, answer, _ = account.call("GET", path)
    assert (status, answer["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("token, code", [(None, "unauthorized"), ("", "unauthorized"), ("wrong", "invalid_token")])
def test_without_a_valid_token_nothing_is_told(hub, token, code):
    for method, path in [("GET", "/events"), ("GET", "/devices"), ("GET", "/auth/me"), ("POST", "/devices/register"), ("PUT", "/events/x/upload")]:
        status, answer, headers = hub.call(method, path, {} if method == "POST" else None, token, raw=b"x" if method == "PUT" else None)
        assert status == 401 and headers["www-authenticate"] == "Bearer", (method, path, answer)


def test_a_token_ends_with_signing_out(account):
    assert account.call("POST", "/auth/logout")[0] == 204
    assert account.call("GET", "/auth/me")[0] == 401


def test_accounts_never_see_each_other(account, other, clip):
    event = upload(account, clip)
    for method, path, body in [
        ("GET", f"/events/{event}", None), ("GET", f"/events/{event}/summary", None), ("GET", f"/events/{event}/deliveries", None),
        ("POST", f"/events/{event}/summary", {"summary": "x"}), ("POST", f"/events/{event}/upload/finalize", None),
        ("POST", "/sessions/stop", {"session_id": account.session}), ("POST", "/sessions/force-stop", {"session_id": account.session}),
        ("POST", "/sessions/start", {"device_id": account.device}),
        ("GET", f"/notifications/telegram/readiness?device_id={account.device}", None),
        ("POST", "/notifications/telegram/link/start", {"device_id": account.device}),
    ]:
        assert other.call(method, path, body)[0] == 404, path
    assert other.call("PUT", f"/events/{event}/upload", raw=b"x")[0] == 404
    assert other.get("/events") == [] and len(other.get("/devices")) == 1
    # The same device id is another device in another account.
    other.post("/devices/register", {"device_id": account.device, "label": "Theirs"})
    assert [device["label"] for device in account.get("/devices")] == ["Hall"]


def test_pages_of_a_list_follow_one_another(account):
    for index in range(5):
        account.post("/events", account.declaration(clip_uri=f"https://example.org/{index}.mp4", event_id=f"e{index}"))
    seen, cursor = [], ""
    while cursor is not None:
        status, page, headers = account.call("GET", f"/events?limit=2{cursor}")
        seen += [event["event_id"] for event in page]
        cursor = f"&cursor={headers['x-next-cursor']}" if "x-next-cursor" in headers else None
    assert seen == ["e4", "e3", "e2", "e1", "e0"]
    for query in ["limit=0", "limit=201", "limit=x", "cursor=x", "status=unknown", "session_id=a/b"]:
        assert account.call("GET", f"/events?{query}")[0] == 400, query


def test_force_stop_says_what_it_dropped(account):
    account.post("/events/upload/initiate", account.declaration())
    answer = account.post("/sessions/force-stop", {"session_id": account.session})
    assert (answer["dropped_processing_events"], answer["dropped_queued_jobs"], answer["status"]) == (0, 0, "stopped")
    event = account.get("/events")[0]
    assert event["status"] == "dropped" and event["dropped_reason"]


def test_a_result_from_elsewhere_is_kept(account):
    event = account.post("/events", account.declaration(clip_uri="https://example.org/1.mp4"))["event_id"]
    finished(account, event)
    answer = account.post(f"/events/{event}/summary", {"summary": "A cat.", "label": "cat", "confidence": 0.7, "tags": ["cat"], "should_notify": True})
    assert (answer["summary"], answer["label"], answer["inference_provider"]) == ("A cat.", "cat", "external")
    assert account.call("POST", f"/events/{event}/summary", {"summary": "x", "confidence": 2})[0] == 400


def test_linking_a_chat_by_polling(account, bot):
    query = f"device_id={account.device}"
    assert account.get(f"/notifications/telegram/readiness?{query}")["status"] == "not_linked"
    started = account.post("/notifications/telegram/link/start", {"device_id": account.device})
    assert started["connect_url"] == f"https://t.me/pingwatch_test_bot?start={started['link_code']}"
    status_path = f"/notifications/telegram/link/status?{query}&attempt_id={started['attempt_id']}"
    assert account.get(status_path)["status"] == "pending"
    bot.user_sends(99, started["fallback_command"])
    assert account.get(status_path)["status"] == "ready"
    assert account.get(f"/notifications/telegram/target?{query}")["chat_id"] == "99"
    assert account.get(f"/notifications/telegram/readiness?{query}")["ready"] is True


def test_linking_a_chat_by_webhook(account):
    started = account.post("/notifications/telegram/link/start", {"device_id": account.device})
    update = {"update_id": 5, "message": {"chat": {"id": 77}, "text": started["fallback_command"]}}
    hook = "/notifications/telegram/webhook"
    assert account.hub.call("POST", hook, update)[0] == 404
    assert account.hub.call("POST", hook, update, headers={"X-Telegram-Bot-Api-Secret-Token": "wrong"})[0] == 404
    right = {"X-Telegram-Bot-Api-Secret-Token": "hook-secret"}
    for body in [b"", b"{", b"[]", b'{"update_id": 1}']:
        assert account.hub.call("POST", hook, raw=body, headers=right)[0] == 200
    assert account.hub.call("POST", hook, update, headers=right)[1] == {"ok": True}
    assert account.get(f"/notifications/telegram/target?device_id={account.device}")["chat_id"] == "77"


def test_static_files_have_validators_a_policy_and_compressed_bodies(hub):
    status, page, headers = hub.call("GET", "/")
    assert status == 200 and b"<title>Ping Watch</title>" in page
    assert "default-src 'self'" in headers["content-security-policy"] and "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert hub.call("GET", "/", headers={"If-None-Match": headers["etag"]})[0] == 304
    status, packed, packed_headers = hub.call("GET", "/js/app.js", headers={"Accept-Encoding": "gzip"})
    assert packed_headers["content-encoding"] == "gzip" and packed[:2] == b"\x1f\x8b" and packed_headers["vary"] == "Accept-Encoding"
    status, _, again = hub.call("HEAD", "/js/app.js", headers={"Accept-Encoding": "gzip;q=0.5, br"})
    assert status == 200 and again["content-encoding"] == "br" and 0 < int(again["content-length"]) < int(packed_headers["content-length"])
    assert again["etag"] != packed_headers["etag"]
    assert hub.call("GET", "/js/app.js", headers={"Accept-Encoding": "br", "If-None-Match": f'"x", W/{again["etag"]}'})[0] == 304


def test_scripts_and_styles_are_kept_for_ever_where_the_page_names_them(hub):
    _, page, headers = hub.call("GET", "/")
    assert headers["cache-control"] == "no-cache"
    named = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.decode())
    assert [path.split("/", 3)[3] for path in named] == [
        "css/app.css", "css/identity.css", "css/viewer.css", "css/sensor.css", "css/manage.css", "js/app.js"]
    # Whatever a script imports, from where it is.
    found, paths = set(), [path for path in named if path.endswith(".js")]
    while paths:
        path = paths.pop()
        if path in found:
            continue
        found.add(path)
        status, script, headers = hub.call("GET", path)
        assert status == 200 and headers["cache-control"] == "public, max-age=31536000, immutable", path
        names = re.findall(r'(?:from |import |import\(|new URL\()["`](\.[^"`]+\.js)["`]', script.decode())
        paths += [posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in names]
    assert len(found) > 20 and any(path.endswith("capture-worker.js") for path in found)
    # A page of another version still gets what it asks for late, which is not to be kept.
    other = re.sub(r"/assets/[0-9a-f]+/", "/assets/" + "0" * 32 + "/", named[0])
    status, style, headers = hub.call("GET", other)
    assert status == 200 and headers["cache-control"] == "no-cache" and style == hub.call("GET", named[0])[1]


def test_nothing_but_the_pages_files_is_reached(hub):
    other = "/assets/" + "0" * 32
    for path in ["/../Package.swift", "/%2e%2e/Package.swift", "/js/..%2f..%2fPackage.swift", "/.git/config", "/js/", "/assets/", "/assets/x/js/app.js",
                 f"{other}/../../Package.swift", f"{other}/%2e%2e/%2e%2e/Package.swift", f"{other}/index.html", f"{other}/"]:
        assert hub.call("GET", path)[0] == 404, path
    assert hub.call("DELETE", "/events")[0] == 405
    # Not the device of that name.
    status, _, headers = hub.call("DELETE", "/devices/self")
    assert status == 405 and headers["allow"] == "GET"


def test_many_requests_at_once(account, clip):
    event = finished(account, upload(account, clip))
    def get(index: int) -> bytes:
        return account.hub.call("GET", event["clip_url"], headers={"Range": f"bytes={index}-{index + 50_000}"})[1]
    _, whole, _ = account.hub.call("GET", event["clip_url"])
    with ThreadPoolExecutor(16) as pool:
        for index, part in enumerate(pool.map(get, range(100))):
            assert part == whole[index : index + 50_001]


def test_a_refresh_token_gets_another_pair_once(hub):
    signed_in = hub.call("POST", "/auth/dev/login", {"email": "renewing@example.org"})[1]
    refresh = lambda token: hub.call("POST", "/auth/refresh", {"refresh_token": token})
    status, renewed, _ = refresh(signed_in["refresh_token"])
    assert status == 200 and renewed["token_type"] == "bearer" and renewed["role"] == "owner"
    assert len({signed_in["access_token"], renewed["access_token"], signed_in["refresh_token"], renewed["refresh_token"]}) == 4
    me = [hub.call("GET", "/auth/me", token=answer["access_token"])[1] for answer in (signed_in, renewed)]
    assert me[0] == me[1] and me[0]["user_id"] == renewed["user_id"] and me[0]["permissions"] == sorted(me[0]["permissions"])
    # The kinds of token do not stand for each other.
    assert refresh(renewed["access_token"])[0] == 401
    assert hub.call("GET", "/auth/me", token=renewed["refresh_token"])[0] == 401
    assert refresh("nonsense")[0] == 401
    assert hub.call("POST", "/auth/refresh", {})[1]["error"]["field"] == "refresh_token"


def test_a_refresh_token_of_long_ago_ends_the_sign_in_however_often_it_was_renewed_since(hub):
    signed_in = hub.call("POST", "/auth/dev/login", {"email": "copied@example.org"})[1]
    refresh = lambda token: hub.call("POST", "/auth/refresh", {"refresh_token": token})
    newest = signed_in
    for _ in range(3):
        status, newest, _ = refresh(newest["refresh_token"])
        assert status == 200
    assert refresh(signed_in["refresh_token"])[0] == 401
    assert refresh(newest["refresh_token"])[0] == 401 and hub.call("GET", "/auth/me", token=newest["access_token"])[0] == 401


def test_of_many_switches_with_one_token_one_sign_in_is_left(hub):
    signed_in = hub.call("POST", "/auth/dev/login", {"email": "switching@example.org"})[1]
    switch = lambda _: hub.call("POST", "/auth/switch", {"account_id": signed_in["account_id"]}, signed_in["access_token"])
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(switch, range(10)))
    assert sorted(status for status, _, _ in answers) == [200] + [401] * 9
    [token] = [answer["access_token"] for status, answer, _ in answers if status == 200]
    assert len(hub.call("GET", "/auth/sessions", token=token)[1]) == 1


def test_sign_ins_are_listed_and_ended_one_by_one_and_all_at_once(hub):
    sign_in = lambda: hub.call("POST", "/auth/dev/login", {"email": "roaming@example.org"}, headers={"User-Agent": "Browser 1"})[1]
    here, there, elsewhere = sign_in(), sign_in(), sign_in()
    sessions = hub.call("GET", "/auth/sessions", token=here["access_token"])[1]
    assert [session["agent"] for session in sessions] == ["Browser 1"] * 3 and sum(session["current"] for session in sessions) == 1
    assert all(session["address"] == "127.0.0.1" for session in sessions)
    theirs = hub.call("GET", "/auth/sessions", token=there["access_token"])[1]
    there_id = next(session["sign_in_id"] for session in theirs if session["current"])
    assert hub.call("DELETE", f"/auth/sessions/{there_id}", token=hub.sign_in("somebody-else@example.org"))[0] == 404
    assert hub.call("DELETE", f"/auth/sessions/{there_id}", token=here["access_token"])[0] == 204
    assert hub.call("GET", "/auth/me", token=there["access_token"])[0] == 401
    assert hub.call("POST", "/auth/refresh", {"refresh_token": there["refresh_token"]})[0] == 401
    assert hub.call("DELETE", "/auth/sessions", token=here["access_token"])[1] == {"ended": 1}
    assert [hub.call("GET", "/auth/me", token=answer["access_token"])[0] for answer in (here, elsewhere)] == [200, 401]
