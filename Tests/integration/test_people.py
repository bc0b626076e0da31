"""Who belongs to an account: invitations, roles, which cameras somebody sees, and the end of it."""

from __future__ import annotations

import itertools
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from people import Person, camera, closing, live, rows, write
from sensor import Peer, RpcError, publications

EXPIRED = (404, "link_expired")


@pytest.fixture
def owner(hub) -> Person:
    return Person(hub)


def accept(person: Person, secret: str) -> tuple[int, str | None]:
    return person.status("POST", "/auth/invitations/accept", {"secret": secret})


# Invitations


def test_somebody_is_invited_and_joins(hub, owner):
    guest = Person(hub)
    made = owner.post("/account/invitations", {"role": "member", "email": guest.email.upper()})
    assert made["url"].startswith(hub.url + "/#/invitation/") and made["sent"] is False and made["role"] == "member" and made["email"] == guest.email
    secret = made["url"].rsplit("/", 1)[1]
    [listed] = owner.get("/account/invitations")
    assert listed["invitation_id"] == made["invitation_id"] and "url" not in listed
    look = hub.call("POST", "/auth/invitations/look", {"secret": secret})[1]
    assert (look["account_name"], look["role"], look["email"], look["invited_by"]) == (owner.get("/account")["name"], "member", guest.email, owner.email)
    before = guest.token
    session = guest.post("/auth/invitations/accept", {"secret": secret})
    assert (session["account_id"], session["role"], session["user_id"]) == (owner.account(), "member", guest.id)
    assert hub.call("GET", "/auth/me", token=before)[0] == 401
    guest.token = session["access_token"]
    assert [each["role"] for each in guest.get("/auth/me")["accounts"]] == ["owner", "member"]
    assert [(each["email"], each["role"], each["all_devices"]) for each in owner.get("/account/members")] == [
        (owner.email, "owner", True), (guest.email, "member", True)]
    assert owner.get("/account/invitations") == []
    assert hub.call("POST", "/auth/invitations/look", {"secret": secret})[0] == 404 and accept(Person(hub), secret) == EXPIRED
    assert owner.actions()[:2] == ["invitation.accepted", "invitation.made"]
    entry = next(entry for entry in owner.get("/account/audit") if entry["action"] == "invitation.accepted")
    assert entry["actor"] == {"kind": "user", "id": guest.id, "name": guest.email} and entry["address"] == "127.0.0.1"


def test_an_invitation_is_for_one(hub, owner):
    secret = owner.invite("viewer")
    guests = [Person(hub) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = sorted(status for status, _ in pool.map(lambda guest: accept(guest, secret), guests))
    assert answers == [200] + [404] * 7 and len(owner.get("/account/members")) == 2


def test_an_invitation_to_somebody_is_for_them(hub, owner):
    guest = Person(hub)
    secret = owner.invite("viewer", email=guest.email)
    assert accept(Person(hub), secret) == (403, "other_address")
    assert accept(owner, owner.invite("viewer")) == (409, "already_member")
    assert accept(guest, secret) == (200, None)


def test_invitations_end(hub, owner):
    guest = Person(hub)
    late = owner.post("/account/invitations", {"role": "viewer"})
    assert write(hub, "UPDATE invitations SET expires_at = ? WHERE id = ?", int(time.time() * 1000), late["invitation_id"]) == 1
    revoked = owner.post("/account/invitations", {"role": "viewer"})
    assert Person(hub).status("DELETE", f"/account/invitations/{revoked['invitation_id']}") == (404, "not_found")
    assert owner.call("DELETE", f"/account/invitations/{revoked['invitation_id']}")[0] == 204
    assert owner.status("DELETE", f"/account/invitations/{revoked['invitation_id']}") == (404, "not_found")
    for each in (late, revoked):
        secret = each["url"].rsplit("/", 1)[1]
        assert accept(guest, secret) == EXPIRED
        assert hub.call("POST", "/auth/invitations/look", {"secret": secret})[0] == 404
    assert owner.get("/account/invitations") == []


def test_invitations_end_with_the_role_of_who_made_them(hub, owner):
    admin = Person(hub).join(owner, "admin")
    second = Person(hub).join(owner, "owner")
    by_admin, by_owner, owner_by_owner = admin.invite("member"), second.invite("member"), second.invite("owner")
    assert owner.call("PATCH", f"/account/members/{admin.id}", {"role": "member"})[0] == 200
    assert owner.call("PATCH", f"/account/members/{second.id}", {"role": "admin"})[0] == 200
    assert accept(Person(hub), by_admin) == EXPIRED and accept(Person(hub), owner_by_owner) == EXPIRED
    assert accept(Person(hub), by_owner) == (200, None)


@pytest.mark.parametrize("body, field", [
    ({}, "role"), ({"role": "king"}, "role"), ({"role": "viewer", "email": "x"}, "email"), ({"role": "viewer", "all_devices": False}, "devices"),
    ({"role": "viewer", "all_devices": True, "devices": ["x"]}, "devices"), ({"role": "viewer", "devices": ["nothing"]}, "devices"),
    ({"role": "viewer", "devices": ["../x"]}, "devices"), ({"role": "viewer", "devices": "x"}, "devices"),
    ({"role": "admin", "devices": []}, "devices"), ({"role": "viewer", "all_devices": "yes"}, "all_devices")])
def test_what_is_wrong_with_an_invitation_is_named(owner, body, field):
    status, answer, _ = owner.call("POST", "/account/invitations", body)
    assert (status, answer["error"]["field"]) == (400, field)
    assert owner.get("/account/invitations") == []


def test_cameras_of_others_cannot_be_shared(hub, owner):
    device, _ = camera(Person(hub))
    assert owner.call("POST", "/account/invitations", {"role": "viewer", "devices": [device]})[0] == 400
    guest = Person(hub).join(owner, "viewer")
    assert owner.call("PATCH", f"/account/members/{guest.id}", {"devices": [device]})[0] == 400
    assert owner.get("/account/members")[1]["all_devices"] is True


# Roles


def test_each_role_does_what_it_may(hub, owner):
    people = {role: Person(hub).join(owner, role) for role in ("viewer", "member", "admin", "owner")}
    device, _ = camera(owner)
    asked = {
        ("GET", "/account", None): "viewer", ("GET", "/devices", None): "viewer", ("PATCH", f"/devices/{device}/settings", '{}'): "member",
        ("POST", "/pairings", '{}'): "member", ("POST", f"/devices/{device}/token", None): "member", ("GET", "/account/members", None): "admin",
        ("GET", "/account/invitations", None): "admin", ("GET", "/account/audit", None): "admin", ("GET", "/api-keys", None): "admin",
        ("GET", "/activation-codes", None): "admin",
    }
    ranks = list(people)
    for (method, path, raw), least in asked.items():
        for role, person in people.items():
            status = hub.call(method, path, token=person.token, raw=raw.encode() if raw else None)[0]
            assert status == (200 if ranks.index(role) >= ranks.index(least) else 403), (role, path)


def test_admins_do_not_touch_owners_or_make_them_and_nobody_changes_themselves(hub, owner):
    admin, other, guest = (Person(hub).join(owner, role) for role in ("admin", "admin", "viewer"))
    path = f"/account/members/{{}}".format
    assert admin.status("PATCH", path(owner.id), {"role": "admin"}) == admin.status("DELETE", path(owner.id)) == (403, "forbidden")
    assert admin.status("PATCH", path(guest.id), {"role": "owner"}) == (403, "forbidden")
    assert admin.status("POST", "/account/invitations", {"role": "owner"}) == (403, "forbidden")
    for person in (admin, owner):
        assert person.status("PATCH", path(person.id), {"role": "viewer"}) == person.status("DELETE", path(person.id)) == (403, "own_membership")
    assert admin.status("PATCH", path(other.id), {"role": "member"}) == (200, None)
    assert admin.status("PATCH", path(guest.id), {"role": "admin"}) == (200, None)
    assert admin.status("PATCH", path(guest.id), {"devices": []}) == (400, "invalid_field")
    assert admin.status("PATCH", path(Person(hub).id), {"role": "viewer"}) == (404, "not_found")
    assert admin.status("PATCH", path("nobody"), {"role": "viewer"}) == admin.status("DELETE", path("nobody")) == (404, "not_found")
    assert [each["role"] for each in owner.get("/account/members")] == ["owner", "admin", "member", "admin"]


def test_an_account_keeps_an_owner(hub, owner):
    assert owner.status("POST", "/account/leave") == (409, "last_owner")
    second = Person(hub).join(owner, "owner")
    path = "/account/members/"
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].status("PATCH", path + pair[1].id, {"role": "member"})[0], [(owner, second), (second, owner)]))
    assert sorted(answers) == [200, 403]
    assert sorted(role for (role,) in rows(
        hub, "SELECT role FROM memberships WHERE account_id = (SELECT account_id FROM memberships WHERE user_id = ? AND role != 'x' ORDER BY created_at LIMIT 1)",
        owner.id)) == ["member", "owner"]


def test_who_leaves_or_is_removed_is_signed_out_of_the_account_alone(hub, owner):
    guest = Person(hub)
    own = guest.token
    second = Person(hub, guest.email)
    second.join(owner, "member")
    socket, elsewhere = Peer(hub, second.token), Peer(hub, own)
    assert owner.call("DELETE", f"/account/members/{guest.id}")[0] == 204
    assert closing(socket.socket) == 3500
    assert hub.call("GET", "/devices", token=second.token)[0] == 401
    assert "ping" in elsewhere.ask({"ping": {}}) and hub.call("GET", "/auth/me", token=own)[0] == 200
    elsewhere.close()
    member = Person(hub).join(owner, "member")
    socket = Peer(hub, member.token)
    assert member.call("POST", "/account/leave")[0] == 204
    assert closing(socket.socket) == 3500 and member.call("GET", "/auth/me")[0] == 401
    assert len(owner.get("/account/members")) == 1
    assert [action for action in owner.actions() if action.startswith("member")] == ["member.left", "member.removed"]


# Some cameras only


def test_who_sees_some_cameras_hears_and_watches_those_alone(hub, owner):
    (shared, shared_token), (hidden, hidden_token) = camera(owner, "Garden"), camera(owner, "Bedroom")
    guest = Person(hub).join(owner, "viewer", devices=[shared])
    assert [each["device_id"] for each in guest.get("/devices")] == [shared]
    viewer = Peer(hub, guest.token)
    assert "subscribe" in viewer.ask({"subscribe": {"channel": f"device:{shared}"}})
    for verb in ("subscribe", "presence", "presence_stats", "history"):
        assert viewer.ask({verb: {"channel": f"device:{hidden}"}})["error"] == {"code": 103, "message": "permission denied"}
    with pytest.raises(RpcError) as refused:
        viewer.rpc("live.watch", {"device_id": hidden})
    assert refused.value.code == 404
    secret, open_one = Peer(hub, hidden_token, data={"kind": "sensor"}), Peer(hub, shared_token, data={"kind": "sensor"})
    secret.rpc("session.start")
    secret.rpc("device.telemetry", {"telemetry": {"n": 1}})
    owner.call("PATCH", f"/devices/{hidden}", {"label": "Bath"})
    open_one.rpc("device.telemetry", {"telemetry": {"n": 2}})
    owner.call("PATCH", f"/devices/{shared}", {"label": "Yard"})
    viewer.wait(lambda peer: any(each.get("device", {}).get("label") == "Yard" for each in publications(peer, "device.updated")))
    viewer.wait_publication("device.telemetry", device_id=shared)
    assert hidden not in str(viewer.pushes) and "Bath" not in str(viewer.pushes)
    assert viewer.rpc("live.watch", {"device_id": shared})["stream"]
    for path in [f"/devices/{hidden}/settings", f"/devices/{hidden}/snapshot.jpg"]:
        assert guest.call("GET", path)[0] == 404, path
    for peer in (viewer, secret, open_one):
        peer.close()


def test_a_member_who_sees_some_cameras_works_with_those_and_adds_none(hub, owner):
    (shared, _), (hidden, _) = camera(owner, "Garden"), camera(owner, "Bedroom")
    guest = Person(hub).join(owner, "member", all_devices=False, devices=[shared])
    assert guest.call("PATCH", f"/devices/{shared}/settings", {})[0] == 200 and guest.call("PATCH", f"/devices/{hidden}/settings", {})[0] == 404
    for path, body in [("/pairings", {}), ("/devices/register", {"label": "x"}), (f"/devices/{shared}/token", None)]:
        assert guest.status("POST", path, body) == (403, "forbidden")


def test_a_change_of_what_somebody_sees_ends_their_connections_and_what_they_watch(hub, owner):
    (shared, shared_token), (hidden, hidden_token) = camera(owner, "Garden"), camera(owner, "Bedroom")
    guest = Person(hub).join(owner, "viewer")
    viewer, sensor = Peer(hub, guest.token), Peer(hub, hidden_token, data={"kind": "sensor"})
    stream = live(hub, viewer, sensor, hidden)
    [(channel, position)] = viewer.hello["subs"].items()
    status, changed, _ = owner.call("PATCH", f"/account/members/{guest.id}", {"all_devices": False, "devices": [shared]})
    assert status == 200 and (changed["all_devices"], changed["devices"]) == (False, [shared])
    assert closing(viewer.socket) == 3500
    sensor.wait_publication("live.stop", stream=stream)
    # What was told before, and meanwhile, is not told to who comes back with less.
    again = Peer(hub, guest.token, subs={channel: {"recover": True, "epoch": position["epoch"], "offset": position["offset"]}})
    assert again.hello["subs"][channel]["recovered"] is False and again.hello["subs"][channel]["publications"] == []
    assert again.ask({"history": {"channel": channel, "limit": -1}})["history"]["publications"] == []
    # The same again changes nothing.
    assert owner.call("PATCH", f"/account/members/{guest.id}", {"devices": [shared]})[0] == 200
    assert "ping" in again.ask({"ping": {}})
    again.close()
    sensor.close()
    assert owner.actions().count("member.changed") == 1


def test_nothing_of_an_account_is_mailed_to_who_does_not_see_it_any_more(start, tmp_path):
    # Nobody listens there; nothing is sent in this test.
    hub = start(SMTP_URL="smtp://cameras%40example.org:x@127.0.0.1:9?from=cameras@example.org")
    owner = Person(hub)
    (kept, _), (lost, _) = camera(owner, "Garden"), camera(owner, "Bedroom")
    guest = Person(hub).join(owner, "member")
    for device in (kept, lost):
        guest.post("/notifications/targets", {"device_id": device, "channel": "email"})
    owner.call("PATCH", f"/account/members/{guest.id}", {"devices": [kept]})
    assert owner.get(f"/notifications/targets?device_id={lost}") == [] and len(owner.get(f"/notifications/targets?device_id={kept}")) == 1
    owner.call("DELETE", f"/account/members/{guest.id}")
    assert owner.get(f"/notifications/targets?device_id={kept}") == []


@pytest.fixture(scope="module")
def mailing(start, mailbox):
    return start(SMTP_URL=mailbox.url, PUBLIC_URL="https://hub.example.org")


def test_an_account_mails_so_many_invitations_and_one_address_gets_fewer(mailing, mailbox):
    victim = f"{uuid.uuid4()}@example.org"

    def invite(owner: Person, addresses) -> int:
        """How many are mailed until one is refused."""
        for count, email in enumerate(addresses):
            status, answer, _ = owner.call("POST", "/account/invitations", {"role": "viewer", "email": email})
            if status != 200:
                assert (status, answer["error"]["code"]) == (429, "too_many_attempts") and answer["error"]["retry_at"]
                assert len(owner.get("/account/invitations")) == count
                # One that is handed over is no mail.
                assert owner.post("/account/invitations", {"role": "viewer"})["sent"] is False
                return count
        raise AssertionError("none was refused")

    # Whose account it is makes no difference to the address.
    filled = 0
    for _ in range(3):
        filled += invite(Person(mailing), itertools.repeat(victim, 20))
    assert 5 < filled < 20 and len(mailbox.to(victim)) == filled
    assert 20 < invite(Person(mailing), (f"{number}-{victim}" for number in range(40))) < 40


def test_an_invitation_says_no_more_than_it_shall(mailing, mailbox):
    owner, guest = Person(mailing), f"{uuid.uuid4()}@example.org"
    # Names of before there was a rule.
    assert write(mailing, "UPDATE users SET name = ? WHERE id = ?", "Ann\n\nYour parcel waits:\r\nhttps://evil.example", owner.id) == 1
    assert write(mailing, "UPDATE accounts SET name = ? WHERE id = ?", "Home\nBcc: somebody@example.org\u2028Pay", owner.account()) == 1
    assert owner.post("/account/invitations", {"role": "viewer", "email": guest})["sent"] is True
    [mail] = mailbox.wait(guest)
    lines = mail.get_body(("plain",)).get_content().splitlines()
    assert lines[0].startswith("Ann  Your parcel waits:") and lines[0].endswith("Bcc: somebody@example.org Pay”.") and lines[1] == ""
    assert len(lines) == 5 and mail["Bcc"] is None


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\r\nb", "a\u2028b", "a\u0085b", "Hall\n"])
def test_names_have_one_line(hub, owner, name):
    device, _ = camera(owner)
    for method, path, field, more in [
        ("PATCH", "/account", "name", {}), ("PATCH", "/auth/me", "name", {}), ("POST", "/devices/register", "label", {}),
        ("PATCH", f"/devices/{device}", "label", {}), ("POST", "/pairings/claim", "label", {"code": "ABCD-EFGH"}),
        ("POST", "/activation-codes", "label", {"uses": 1, "expires_in_hours": 1}), ("POST", "/api-keys", "name", {"permissions": ["view"]}),
    ]:
        status, answer, _ = owner.call(method, path, {field: name, **more})
        assert (status, answer["error"].get("field")) == (400, field), path
    assert owner.get("/devices")[0]["label"] == "Hall"


# The account


def test_an_account_has_a_name_that_admins_change(hub, owner):
    account = owner.get("/account")
    assert account["account_id"] == owner.account() and account["plan"]["plan_id"] and account["created_at"]
    status, changed, _ = owner.call("PATCH", "/account", {"name": " Home "})
    assert (status, changed["name"]) == (200, "Home") and owner.get("/auth/me")["account_name"] == "Home"
    for body, field in [({}, "name"), ({"name": ""}, "name"), ({"name": "x" * 81}, "name")]:
        status, answer, _ = owner.call("PATCH", "/account", body)
        assert (status, answer["error"]["field"]) == (400, field)
    member = Person(hub).join(owner, "member")
    assert member.status("PATCH", "/account", {"name": "Mine"}) == (403, "forbidden") and member.get("/account")["name"] == "Home"


def test_the_audit_log_is_paged_and_ones_own(hub, owner):
    names = [f"Home {number}" for number in range(5)]
    for name in names:
        owner.call("PATCH", "/account", {"name": name})
    found, cursor = [], ""
    while cursor is not None:
        status, page, headers = owner.call("GET", f"/account/audit?limit=2{cursor}")
        assert status == 200 and len(page) <= 2
        found += page
        cursor = f"&cursor={headers['x-next-cursor']}" if "x-next-cursor" in headers else None
    assert [each["detail"] for each in found if each["action"] == "account.renamed"] == names[::-1]
    assert found[0]["actor"] == {"kind": "user", "id": owner.id, "name": owner.email} and found[0]["address"] == "127.0.0.1"
    assert Person(hub).actions() == []
    assert owner.status("GET", "/account/audit?cursor=x") == (400, "invalid_field")
