"""Every route, rpc method and channel, asked by everybody: each role, a foreign account, a member who sees other devices only, a camera, keys, a
worker, nobody, and somebody whose sign-in has ended."""

from __future__ import annotations

import json
from collections.abc import Callable

import access
import pytest
from sensor import Peer, RpcError
from system import Hub

WORKER = "worker-secret-of-the-matrix"


class World:
    """An account with everybody in it, and another one."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.tokens: dict[str, str | None] = {"anonymous": None, "worker": WORKER}
        self.emails = {"owner": "owner@example.org", "foreign": "foreign@example.org"}
        for role, email in self.emails.items():
            self.tokens[role] = hub.sign_in(email)
        self.post("/devices/register", {"label": "Garden"}, "foreign")
        self.device, self.other_device = [self.post("/devices/register", {"label": label})["device_id"] for label in ("Hall", "Attic")]
        self.old_session = self.post("/sessions/start", {"device_id": self.device})["session_id"]
        self.post("/sessions/stop", {"session_id": self.old_session})
        self.session = self.post("/sessions/start", {"device_id": self.device})["session_id"]
        self.event = self.new_event()
        self.pairing = self.post("/pairings", {})["pairing_id"]
        for role, rights in {
            "admin": {"role": "admin"}, "member": {"role": "member"}, "viewer": {"role": "viewer"},
            "restricted": {"role": "member", "all_devices": False, "devices": [self.device]},
            "elsewhere": {"role": "member", "all_devices": False, "devices": [self.other_device]},
        }.items():
            self.invite(role, rights)
        self.users = {member["email"]: member["user_id"] for member in self.get("/account/members")}
        self.tokens["device"] = self.post(f"/devices/{self.device}/token")["device_token"]
        self.tokens["key_view"] = self.post("/api-keys", {"name": "Reads", "permissions": ["view"]})["key"]
        self.tokens["key_all"] = self.post("/api-keys", {"name": "Does", "permissions": ["view", "control", "pair", "summarize"]})["key"]
        self.tokens["revoked"] = hub.sign_in(self.emails["owner"])
        assert self.call("POST", "/auth/logout", role="revoked")[0] == 204
        # Whatever of the account somebody else must never read.
        self.secrets = [self.device, self.event, self.session, self.users[self.emails["owner"]], self.emails["owner"]]

    def invite(self, role: str, rights: dict) -> None:
        self.emails[role] = f"{role}@example.org"
        secret = self.post("/account/invitations", rights)["url"].rsplit("/", 1)[1]
        signed_in = self.hub.sign_in(self.emails[role])
        status, session, _ = self.hub.call("POST", "/auth/invitations/accept", {"secret": secret}, signed_in)
        assert status == 200, session
        self.tokens[role] = session["access_token"]

    def call(self, method: str, path: str, body: object = None, role: str = "owner"):
        return self.hub.call(method, path, body, self.tokens[role])

    def post(self, path: str, body: object = None, role: str = "owner") -> dict:
        status, answer, _ = self.call("POST", path, body, role)
        assert status == 200, (path, answer)
        return answer

    def get(self, path: str):
        status, answer, _ = self.call("GET", path)
        assert status == 200, (path, answer)
        return answer

    def new_event(self) -> str:
        return self.post("/events/upload/initiate", {
            "session_id": self.session, "device_id": self.device, "trigger_type": "motion", "duration_seconds": 3, "clip_mime": "video/mp4",
            "clip_size_bytes": 100})["event"]["event_id"]

    def new_device(self, with_token: bool = False) -> str:
        return self.post("/devices/register", {"label": "Shed", "with_token": with_token})["device_id"]

    def sign_in_again(self) -> dict:
        return {}

    def fill(self, value):
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if not isinstance(value, str):
            return value
        names = {
            "device": self.device, "event": self.event, "session": self.session, "old_session": self.old_session, "pairing": self.pairing,
            "viewer_user": self.users[self.emails["viewer"]], "missing": "00000000-0000-7000-8000-000000000000",
        }
        return value.format(**names)

    def ask(self, route: str, row: access.Row, role: str):
        """Status and text of the answer."""
        method, pattern = route.split(" ")
        fresh = row.fresh(self) if row.fresh else {}
        path = pattern.format(**{**self.fill(row.path), **fresh}) + ("?" + self.fill(row.query) if row.query else "")
        token = self.tokens[role]
        if row.fresh and "logout" in route and token and role in self.emails:
            token = self.hub.sign_in(self.emails[role])
        status, answer, _ = self.hub.call(method, path, self.fill(row.body), token)
        return status, answer if isinstance(answer, str) else json.dumps(answer, default=repr)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("matrix"), WORKER_API_TOKEN=WORKER, CONNECTIONS_PER_USER="1000").start()
    yield World(hub)
    assert hub.stop() == 0


def test_every_route_has_a_row_and_says_the_same_permission(world):
    status, description, _ = world.hub.call("GET", "/openapi.json")
    assert status == 200
    said = {
        f"{method.upper()} {path}": operation.get("x-permission")
        for path, operations in description["paths"].items() for method, operation in operations.items() if method in ("get", "post", "put", "patch", "delete")
    }
    assert sorted(said) == sorted(access.ROUTES)
    assert sorted(description["x-socket-methods"]) == sorted(access.METHODS)
    for route, permission in said.items():
        row = access.ROUTES[route]
        # A picture is shown for a signed link as well.
        if route != "GET /devices/{id}/snapshot.jpg":
            assert (permission or access.OPEN) == row.permission, route
    for method, permission in description["x-socket-methods"].items():
        assert permission == access.METHODS[method].permission, method


def is_admitted(row: access.Row, role: str) -> bool:
    if row.permission == access.OPEN:
        return True
    if row.person and role in ("key_view", "key_all", "device", "worker"):
        return False
    return row.permission in access.ROLES[role] or row.sensor and role == "device"


def check(world: World, role: str, expected: Callable[[str, access.Row], tuple[int, ...]], hides: bool = False) -> None:
    wrong = []
    for route, row in sorted(access.ROUTES.items(), key=lambda item: (item[1].last, item[0] == "POST /account/leave")):
        wanted = expected(route, row)
        status, text = world.ask(route, row, role)
        if status not in wanted:
            wrong.append(f"{route}: {status} instead of {wanted}: {text[:200]}")
        if hides and row.permission != access.OPEN and not row.fresh:
            wrong += [f"{route}: tells {secret}" for secret in world.secrets if secret in text and secret != world.emails.get(role)]
    assert wrong == []


# The owner is asked for what is destroyed, and comes last.
@pytest.mark.parametrize("role", ["key_view", "key_all", "device", "worker", "anonymous", "revoked"])
def test_who_is_no_person_may_do_what_it_was_given(world, role):
    def expected(route: str, row: access.Row):
        if role in ("anonymous", "revoked"):
            return row.ok if row.permission == access.OPEN else (401,)
        return row.ok if is_admitted(row, role) else (403,)
    check(world, role, expected)


def test_another_account_finds_nothing(world):
    def expected(route: str, row: access.Row):
        return row.ok if row.permission == access.OPEN or not row.hides or "{missing}" in str(row) else (404, *(row.ok if row.fresh and not row.path else ()))
    check(world, "foreign", expected, hides=True)


def test_a_member_who_sees_other_devices_finds_nothing_of_this_one(world):
    def expected(route: str, row: access.Row):
        if row.permission != access.OPEN and row.permission not in access.ROLES["restricted"]:
            return (403,)
        return row.ok if row.permission in (access.OPEN, "profile") or not row.hides or "{missing}" in str(row) else (404,)
    world.secrets, before = world.secrets[:3], world.secrets
    try:
        check(world, "elsewhere", expected, hides=True)
    finally:
        world.secrets = before


@pytest.mark.parametrize("role", ["viewer", "restricted", "member", "admin", "owner"])
def test_a_person_may_do_what_the_role_says(world, role):
    check(world, role, lambda route, row: row.ok if is_admitted(row, role) else (403,))
