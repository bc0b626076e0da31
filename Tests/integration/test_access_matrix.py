"""Every route, rpc method and channel, asked by everybody: each role, a foreign account, a member who sees other devices only, a camera, keys, a
worker, nobody, and somebody whose sign-in has ended."""

from __future__ import annotations

import json
from collections.abc import Callable

import access
import pytest
from sensor import Peer, RpcError
from system import Hub
from websockets.exceptions import ConnectionClosed

WORKER = "worker-secret-of-the-matrix"


class World:
    """An account with everybody in it, and another one."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.tokens: dict[str, str | None] = {"anonymous": None, "worker": WORKER}
        self.emails = {"owner": "owner@example.org", "foreign": "foreign@example.org"}
        for role, email in self.emails.items():
            self.tokens[role] = hub.sign_in(email)
        self.foreign_device = self.post("/devices/register", {"label": "Garden"}, "foreign")["device_id"]
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


# The socket.

HEARERS = ["owner", "admin", "member", "restricted", "viewer", "key_view", "key_all", "foreign", "elsewhere"]


@pytest.fixture
def peers(world):
    """Makes connections, which end with the test."""
    made: list[Peer] = []

    def make(role: str) -> Peer:
        made.append(Peer(world.hub, world.tokens[role], device=world.device if role == "device" else None))
        return made[-1]

    yield make
    for client in made:
        client.socket.close()


@pytest.mark.parametrize("role", [*HEARERS, "device"])
def test_methods_ask_for_their_permission(peers, role):
    wrong = []
    client = peers(role)
    for method, row in access.METHODS.items():
        rights = access.ROLES.get(role, access.ROLES["owner" if role == "foreign" else "restricted"])
        is_admitted = row.permission in rights or row.sensor and role == "device"
        try:
            client.rpc(method, {})
            code = 0
        except RpcError as refused:
            code = refused.code
        # What is only a camera's to do is refused in the same way, with another reason.
        if is_admitted and code == 103 and not row.sensor or not is_admitted and code != 103:
            wrong.append((method, code))
    assert wrong == []


@pytest.mark.parametrize("role", ["anonymous", "revoked", "worker"])
def test_who_may_hear_nothing_is_not_connected(world, role):
    with pytest.raises(ConnectionClosed) as closed:
        Peer(world.hub, world.tokens[role])
    assert closed.value.rcvd.code == 3500


@pytest.mark.parametrize("role", HEARERS)
def test_nobody_hears_or_watches_what_is_not_theirs(world, peers, role):
    client = peers(role)
    def code(command: dict) -> int:
        return client.ask(command).get("error", {}).get("code", 0)
    sees = role not in ("foreign", "elsewhere")
    assert code({"subscribe": {"channel": f"device:{world.device}"}}) == (0 if sees else 103)
    # The camera's own channel is the camera's; another person's is that person's, and looks like none at all.
    assert code({"subscribe": {"channel": f"sensor:{world.device}"}}) == 103
    for other in world.users.values():
        if other != client.hello["data"]["user_id"]:
            assert code({"subscribe": {"channel": f"user:{other}"}}) == 103
            assert code({"history": {"channel": f"user:{other}", "limit": 10}}) == 103
            assert code({"presence": {"channel": f"user:{other}"}}) == 103
    assert (code({"rpc": {"method": "live.watch", "data": {"device_id": world.device}}}) == 404) != sees
    assert code({"rpc": {"method": "device.settings", "data": {"device_id": world.device}}}) == (0 if sees else 404)
    assert code({"rpc": {"method": "clip.request", "data": {"event_id": world.event}}}) in ((409, 103) if sees else (404, 103))


@pytest.mark.parametrize("role, device", [("foreign", "foreign_device"), ("elsewhere", "other_device")])
def test_a_camera_of_ones_own_reaches_nothing_that_is_not_theirs(world, role, device):
    """Its connection may call all of these, for itself."""
    camera = Peer(world.hub, world.tokens[role], getattr(world, device))
    session, event = camera.rpc("session.start")["session"]["session_id"], world.new_event()

    def code(call: Callable[[], dict]) -> int:
        try:
            call()
        except RpcError as refused:
            return refused.code
        return 0

    assert {name: code(call) for name, call in {
        "session.stop": lambda: camera.rpc("session.stop", {"session_id": world.session}),
        "session.forceStop": lambda: camera.rpc("session.forceStop", {"session_id": world.session}),
        "clip.open in a session": lambda: camera.open_clip(world.session),
        "clip.request": lambda: camera.rpc("clip.request", {"event_id": event}),
        "device.settings": lambda: camera.rpc("device.settings", {"device_id": world.device, "patch": {"sensitivity": 10}}),
        "device.command": lambda: camera.rpc("device.command", {"device_id": world.device, "command": "still"}),
        # Ids are an account's own: another one may have the same.
        "clip.open of an event": lambda: camera.open_clip(session, event=event),
    }.items()} == {
        "session.stop": 404, "session.forceStop": 404, "clip.open in a session": 404, "clip.request": 404, "device.settings": 404,
        # A camera commands no other.
        "device.command": 103, "clip.open of an event": 0 if role == "foreign" else 409,
    }
    camera.close()
    assert [each["status"] for each in world.get("/sessions") if each["session_id"] == world.session] == ["active"]


def test_a_camera_is_itself_and_nothing_else(world, peers):
    client = peers("device")
    assert list(client.hello["subs"]) == [f"sensor:{world.device}"] and client.hello["data"]["user_id"] is None
    for data in ({"kind": "viewer"}, {"kind": "sensor", "device_id": world.other_device}):
        with pytest.raises(ConnectionClosed) as closed:
            Peer(world.hub, world.tokens["device"], data=data)
        assert closed.value.rcvd.code in (3500, 3501)
    assert client.ask({"rpc": {"method": "device.settings", "data": {"device_id": world.other_device}}})["error"]["code"] == 404
    assert client.ask({"subscribe": {"channel": f"device:{world.other_device}"}})["error"]["code"] == 103


def test_what_happens_to_a_device_reaches_those_who_see_it(world, peers):
    clients = {role: peers(role) for role in ("owner", "viewer", "restricted", "key_view", "elsewhere", "foreign")}
    world.hub.call("PATCH", f"/devices/{world.device}", {"label": "Hall 2"}, world.tokens["owner"])
    # One more, of the device that only some see, so that everybody hears something after it.
    world.hub.call("PATCH", f"/devices/{world.other_device}", {"label": "Attic 2"}, world.tokens["owner"])
    world.hub.call("POST", "/devices/register", {"label": "Pond"}, world.tokens["foreign"])

    def heard(role: str, label: str):
        return lambda client: any(push.get("pub", {}).get("data", {}).get("device", {}).get("label") == label for push in client.pushes)

    for role, client in clients.items():
        if role in ("owner", "viewer", "restricted", "key_view"):
            client.wait(heard(role, "Hall 2"))
        elif role == "elsewhere":
            client.wait(heard(role, "Attic 2"))
        else:
            client.wait(heard(role, "Pond"))
    for role in ("elsewhere", "foreign"):
        assert world.device not in json.dumps(clients[role].pushes)


def test_accounts_and_people_of_others_are_as_unknown_as_none(world):
    account, viewer = world.get("/account")["account_id"], world.users[world.emails["viewer"]]
    assert world.call("POST", "/auth/switch", {"account_id": account}, "foreign")[0] == 404
    assert world.call("DELETE", f"/account/members/{viewer}", role="foreign")[0] == 404
    assert viewer in [member["user_id"] for member in world.get("/account/members")]


# What destroys comes last: everybody leaves the account in the end.
@pytest.mark.parametrize("role", ["key_view", "key_all", "device", "worker", "anonymous", "revoked"])
def test_who_is_no_person_may_do_what_it_was_given(world, role):
    def expected(route: str, row: access.Row):
        if role in ("anonymous", "revoked"):
            return row.ok if row.permission == access.OPEN else (401,)
        return row.ok if is_admitted(row, role) else (403,)
    check(world, role, expected)


def test_another_account_finds_nothing(world):
    def expected(route: str, row: access.Row):
        if row.permission == "sense":
            return (403,)
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


@pytest.mark.parametrize("role", ["owner", "admin", "member", "restricted", "viewer"])
def test_a_person_may_do_what_the_role_says(world, role):
    check(world, role, lambda route, row: row.ok if is_admitted(row, role) else (403,))
