"""Who may do what: every route and rpc method with the permission it asks for, and how it is called. A route that is not here fails the test.

The permission is said here once more, by itself, and not taken from the hub: a route that asks for less than it should is found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

# What each role may do (docs/SECURITY.md).
ROLES = {
    "owner": {"view", "profile", "control", "pair", "summarize", "administer", "own"},
    "admin": {"view", "profile", "control", "pair", "summarize", "administer"},
    "member": {"view", "profile", "control", "pair", "summarize"},
    # Sees some devices only, and could not see what it adds.
    "restricted": {"view", "profile", "control", "summarize"},
    "viewer": {"view", "profile"},
    "key_view": {"view"},
    "key_all": {"view", "control", "pair", "summarize"},
    "device": {"sense"},
    "worker": {"summarize"},
}
OPEN = "open"


@dataclass(frozen=True)
class Row:
    """`permission`, or `open` for what anybody may ask; `sensor`: also a camera, for itself."""

    permission: str
    sensor: bool = False
    # What goes into the path and the body: names of the world's ids, such as `{device}`.
    path: dict[str, str] = field(default_factory=dict)
    query: str = ""
    body: dict | None = None
    # Statuses of an allowed call. A body that cannot be is enough to see that somebody was let in, where more would change too much.
    ok: tuple[int, ...] = (200,)
    # Needs a person, whatever the permission.
    person: bool = False
    # Makes a new target for each call, and gives what goes into the path.
    fresh: Callable | None = None
    # Whether somebody of another account is told that there is nothing (by the id), or is shown their own.
    hides: bool = True
    # Called by the account's own owner only in the end.
    last: bool = False


def device(permission: str, **more) -> Row:
    return Row(permission, path={"id": "{device}"}, **more)


def event(permission: str, **more) -> Row:
    return Row(permission, path={"id": "{event}"}, **more)


OUTSIDE = {"id": "{missing}"}

ROUTES: dict[str, Row] = {
    # Anybody.
    "GET /healthz": Row(OPEN),
    "GET /version": Row(OPEN),
    "GET /openapi.json": Row(OPEN),
    "GET /metrics": Row(OPEN, ok=(404,)),
    "GET /auth/config": Row(OPEN),
    "POST /auth/setup": Row(OPEN, body={}, ok=(400, 404)),
    "POST /auth/sign-up": Row(OPEN, body={}, ok=(400, 403)),
    "POST /auth/sign-in": Row(OPEN, body={}, ok=(400,)),
    "POST /auth/refresh": Row(OPEN, body={}, ok=(400,)),
    "POST /auth/dev/login": Row(OPEN, body={}, ok=(400,)),
    "POST /auth/password/forgot": Row(OPEN, body={}, ok=(400, 409)),
    "POST /auth/password/reset": Row(OPEN, body={}, ok=(400,)),
    "POST /auth/email/verify": Row(OPEN, body={}, ok=(400,)),
    "POST /auth/email/resend": Row(OPEN, body={}, ok=(400, 409)),
    "POST /auth/oidc/start": Row(OPEN, body={}, ok=(400, 404)),
    "POST /auth/oidc/finish": Row(OPEN, body={}, ok=(400, 404)),
    "POST /auth/jwt": Row(OPEN, body={}, ok=(400, 404)),
    "POST /auth/invitations/look": Row(OPEN, body={}, ok=(400,)),
    "POST /pairings/claim": Row(OPEN, body={}, ok=(400,)),
    "POST /pairings/claim/status": Row(OPEN, body={}, ok=(400,)),
    "POST /activation-codes/redeem": Row(OPEN, body={}, ok=(400,)),
    "POST /notifications/telegram/webhook": Row(OPEN, body={}, ok=(401, 403, 404)),
    "GET /media/{event}/{object}": Row(OPEN, path={"event": "{event}", "object": "clip.mp4"}, ok=(404,)),
    # By a signature, or by a token that may look.
    "GET /devices/{id}/snapshot.jpg": device("view", ok=(503,)),
    # Oneself.
    "POST /auth/logout": Row("profile", ok=(204,), person=True, fresh=lambda world: world.sign_in_again()),
    "GET /auth/me": Row("profile", person=True, hides=False),
    "PATCH /auth/me": Row("profile", body={"name": 5}, ok=(400,), person=True, hides=False),
    "DELETE /auth/me": Row("profile", body={"password": 5}, ok=(400, 403, 409), person=True, hides=False, last=True),
    "GET /auth/sessions": Row("profile", person=True, hides=False),
    "DELETE /auth/sessions/{id}": Row("profile", path=OUTSIDE, ok=(404,), person=True),
    "DELETE /auth/sessions": Row("profile", person=True, hides=False, last=True),
    "POST /auth/password": Row("profile", body={}, ok=(400,), person=True, hides=False),
    "POST /auth/totp/start": Row("profile", body={"password": 5}, ok=(400, 409), person=True, hides=False),
    "POST /auth/totp/confirm": Row("profile", body={}, ok=(400,), person=True, hides=False),
    "POST /auth/totp/disable": Row("profile", body={"password": 5}, ok=(400, 409), person=True, hides=False),
    "POST /auth/switch": Row("profile", body={"account_id": "{missing}"}, ok=(404,), person=True),
    "POST /auth/invitations/accept": Row("profile", body={"secret": "nothing"}, ok=(404,), person=True),
    "GET /connection": Row("profile", person=True, hides=False),
    # The account.
    "GET /account": Row("view", hides=False),
    "PATCH /account": Row("administer", body={"name": 5}, ok=(400,), hides=False),
    "DELETE /account": Row("own", body={"name": "another"}, ok=(400, 403), hides=False, last=True),
    "GET /account/members": Row("administer", hides=False),
    "PATCH /account/members/{user}": Row("administer", path={"user": "{viewer_user}"}, body={"role": "viewer"}),
    "DELETE /account/members/{user}": Row("administer", path={"user": "{missing}"}, ok=(404,)),
    "POST /account/leave": Row("profile", person=True, ok=(204, 409), hides=False, fresh=lambda world: world.sign_in_again(), last=True),
    "GET /account/invitations": Row("administer", hides=False),
    "POST /account/invitations": Row("administer", body={"role": "king"}, ok=(400,), person=True, hides=False),
    "DELETE /account/invitations/{id}": Row("administer", path=OUTSIDE, ok=(404,)),
    "GET /account/audit": Row("administer", hides=False),
    "GET /account/usage": Row("view", hides=False),
    "GET /account/usage/entries": Row("view", hides=False),
    "GET /account/export": Row("own", hides=False),
    # Devices.
    "GET /devices": Row("view", hides=False),
    "GET /devices/self": Row("sense", sensor=True),
    "POST /devices/register": Row("pair", body={"label": 5}, ok=(400,), hides=False),
    "PATCH /devices/{id}": device("pair", body={"label": "Hall"}),
    "DELETE /devices/{id}": device("pair", ok=(204,), fresh=lambda world: {"id": world.new_device()}),
    "POST /devices/{id}/token": device("pair", fresh=lambda world: {"id": world.new_device()}),
    "DELETE /devices/{id}/token": device("pair", ok=(204,), fresh=lambda world: {"id": world.new_device(with_token=True)}),
    "GET /devices/{id}/settings": device("view", sensor=True),
    "PATCH /devices/{id}/settings": device("control", sensor=True, body={}),
    "POST /devices/{id}/commands": device("control", body={"command": "stop"}, ok=(409,)),
    "POST /pairings": Row("pair", body={}, person=True, hides=False),
    "GET /pairings/{id}": Row("pair", path={"id": "{pairing}"}, person=True, ok=(200, 404)),
    "POST /pairings/{id}/confirm": Row("pair", path={"id": "{pairing}"}, body={"accept": True}, ok=(404, 409), person=True),
    "GET /activation-codes": Row("administer", hides=False),
    "POST /activation-codes": Row("administer", body={"uses": "many"}, ok=(400,), hides=False),
    "DELETE /activation-codes/{id}": Row("administer", path=OUTSIDE, ok=(404,)),
    "GET /api-keys": Row("administer", hides=False),
    "POST /api-keys": Row("administer", body={"permissions": ["own"]}, ok=(400,), hides=False),
    "DELETE /api-keys/{id}": Row("administer", path=OUTSIDE, ok=(404,)),
    # Watching.
    "POST /sessions/start": Row("control", sensor=True, body={"device_id": "{device}"}),
    "POST /sessions/stop": Row("control", sensor=True, body={"session_id": "{old_session}"}),
    "POST /sessions/force-stop": Row("control", body={"session_id": "{old_session}"}),
    "GET /sessions": Row("view", sensor=True, hides=False),
    # Events.
    "GET /events": Row("view", sensor=True, hides=False),
    "POST /events": Row("control", sensor=True, body={
        "session_id": "{session}", "device_id": "{device}", "trigger_type": "motion", "duration_seconds": 3, "clip_mime": "video/mp4",
        "clip_size_bytes": 100, "clip_uri": "https://clips.example.org/1"}, ok=(200,), hides=True),
    "POST /events/upload/initiate": Row("control", sensor=True, body={
        "session_id": "{session}", "device_id": "{device}", "trigger_type": "motion", "duration_seconds": 3, "clip_mime": "video/mp4",
        "clip_size_bytes": 100}),
    "PUT /events/{id}/upload": event("control", sensor=True, ok=(400, 409, 411)),
    "POST /events/{id}/upload/finalize": event("control", sensor=True, ok=(200, 409)),
    "GET /events/{id}": event("view", sensor=True),
    "DELETE /events/{id}": event("control", ok=(204,), fresh=lambda world: {"id": world.new_event()}),
    "GET /events/{id}/summary": event("view", ok=(200, 404)),
    "POST /events/{id}/summary": event("summarize", body={"summary": "A cat."}),
    "GET /events/{id}/timeline": event("view"),
    "GET /events/{id}/deliveries": event("view"),
    "POST /events/{id}/clip/request": event("control", ok=(409,)),
    "GET /deliveries": Row("view", hides=False),
    "GET /jobs": Row("view", hides=False),
    "POST /jobs/{id}/retry": Row("control", path=OUTSIDE, ok=(404,)),
    # Alerts.
    "GET /notifications/targets": Row("view", query="device_id={device}"),
    "POST /notifications/targets": Row("control", body={"device_id": "{device}", "channel": "telegram", "target": "5"}, ok=(404,)),
    "DELETE /notifications/targets": Row("control", query="device_id={device}&channel=telegram&target=5", ok=(404,)),
    "POST /notifications/test": Row("control", sensor=True, body={"device_id": "{device}", "channel": "telegram", "target": "5"}, ok=(404,)),
    "GET /notifications/telegram/readiness": Row("control", query="device_id={device}"),
    "GET /notifications/telegram/target": Row("control", query="device_id={device}"),
    "POST /notifications/telegram/link/start": Row("control", body={"device_id": "{device}"}),
    "GET /notifications/telegram/link/status": Row("control", query="device_id={device}&attempt_id=nothing", ok=(200, 404)),
}

METHODS: dict[str, Row] = {
    "session.start": Row("control", sensor=True),
    "session.stop": Row("control", sensor=True),
    "session.forceStop": Row("control"),
    "clip.open": Row("control", sensor=True),
    "clip.close": Row("control", sensor=True),
    "clip.abort": Row("control", sensor=True),
    "clip.gone": Row("control", sensor=True),
    "clip.request": Row("control"),
    "live.watch": Row("view"),
    "live.unwatch": Row("view"),
    "live.keyframe": Row("view"),
    "device.settings": Row("view", sensor=True),
    "device.command": Row("control"),
    "device.commandResult": Row("control", sensor=True),
    "device.telemetry": Row("control", sensor=True),
}
