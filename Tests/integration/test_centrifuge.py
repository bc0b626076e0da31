"""The socket protocol by a client that others wrote (centrifuge-python): what it does by itself must work with this hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from centrifuge import CentrifugeError, Client, ClientEventHandler, ReplyError, StreamPosition, Subscription, SubscriptionEventHandler
from sensor import Peer
from test_protocol import token_for


class Events(ClientEventHandler, SubscriptionEventHandler):
    """Keeps what it is told, of a client or of a subscription."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []

    def of(self, kind: str) -> list:
        return [context for name, context in self.told if name == kind]

    async def on_connected(self, ctx) -> None:
        self.told.append(("connected", ctx))

    async def on_connecting(self, ctx) -> None:
        self.told.append(("connecting", ctx))

    async def on_disconnected(self, ctx) -> None:
        self.told.append(("disconnected", ctx))

    async def on_subscribed(self, ctx) -> None:
        self.told.append(("subscribed", ctx))

    async def on_unsubscribed(self, ctx) -> None:
        self.told.append(("unsubscribed", ctx))

    async def on_publication(self, ctx) -> None:
        self.told.append(("publication", ctx))

    async def on_error(self, ctx) -> None:
        self.told.append(("error", ctx))


async def until(condition: Callable[[], object], seconds: float = 20):
    async with asyncio.timeout(seconds):
        while not (found := condition()):
            await asyncio.sleep(0.02)
    return found


def client_of(hub, events: Events, **more) -> Client:
    return Client(hub.socket_url, events=events, max_reconnect_delay=0.5, proxy=None, **more)


async def listening(hub, account) -> tuple[Client, Subscription, Events, Events]:
    """A client that has subscribed to the account's camera, and what the two are told."""
    events, heard = Events(), Events()
    client = client_of(hub, events, token=account.token)
    await client.connect()
    subscription = client.new_subscription(f"device:{account.device}", events=heard)
    await subscription.subscribe()
    await subscription.ready()
    return client, subscription, events, heard


def telemetry(sensor: Peer, number: int) -> None:
    sensor.rpc("device.telemetry", {"telemetry": {"n": number}})


def numbers(events: Events) -> list[int]:
    return [ctx.pub.data["telemetry"]["n"] for ctx in events.of("publication") if ctx.pub.data["type"] == "device.telemetry"]


def test_it_subscribes_looks_around_and_leaves(hub, account, other):
    sensor = Peer(hub, account.token, account.device)
    sensor.wait_publication("device.presence", online=True)

    async def run() -> None:
        client, subscription, events, heard = await listening(hub, account)
        await asyncio.to_thread(telemetry, sensor, 1)
        await until(lambda: numbers(heard) == [1] and numbers(events) == [1])
        presence = await subscription.presence()
        assert list(presence.clients) == [events.of("connected")[0].client] and (await subscription.presence_stats()).num_users == 1
        page = await subscription.history(limit=10, reverse=True)
        assert page.publications[0].data["telemetry"] == {"n": 1} and page.offset == page.publications[0].offset
        with pytest.raises(ReplyError) as lost:
            await subscription.history(limit=1, since=StreamPosition(offset=0, epoch="another"))
        assert lost.value.code == 112
        with pytest.raises(ReplyError) as denied:
            await subscription.publish({"n": 2})
        assert denied.value.code == 103
        await subscription.unsubscribe()
        await asyncio.to_thread(telemetry, sensor, 2)
        await until(lambda: numbers(events) == [1, 2])
        assert numbers(heard) == [1]
        refused = Events()
        foreign = client.new_subscription(f"device:{other.device}", events=refused)
        await foreign.subscribe()
        assert (await until(lambda: refused.of("unsubscribed")))[0].code == 103
        assert not events.of("error")
        await client.disconnect()

    asyncio.run(run())
    sensor.close()


def test_after_a_break_it_gets_what_it_missed(hub, account):
    sensor = Peer(hub, account.token, account.device)
    sensor.wait_publication("device.presence", online=True)

    async def run() -> None:
        client, _, events, heard = await listening(hub, account)
        await asyncio.to_thread(telemetry, sensor, 1)
        await until(lambda: numbers(heard) == [1] and numbers(events) == [1])
        await client.disconnect()
        for number in (2, 3):
            await asyncio.to_thread(telemetry, sensor, number)
        await client.connect()
        await until(lambda: numbers(heard) == [1, 2, 3] and numbers(events) == [1, 2, 3])
        for context in (heard.of("subscribed")[-1], events.of("subscribed")[-1]):
            assert context.was_recovering and context.recovered
        await client.disconnect()

    asyncio.run(run())
    sensor.close()


def test_after_a_restart_of_the_hub_it_knows_that_it_must_load_again(start, enrol):
    hub = start()
    account = enrol(hub)

    async def run() -> None:
        client, _, events, heard = await listening(hub, account)
        before = heard.of("subscribed")[0].stream_position
        await asyncio.to_thread(hub.stop)
        await until(lambda: len(events.of("connecting")) == 2)
        await asyncio.to_thread(hub.start)
        await asyncio.to_thread(account.post, "/devices/register", {"device_id": account.device, "label": "Renamed"})
        await until(lambda: len(heard.of("subscribed")) == 2 and len(events.of("subscribed")) == 2)
        for context in (heard.of("subscribed")[1], events.of("subscribed")[1]):
            assert context.was_recovering and not context.recovered and context.stream_position.epoch != before.epoch
        # What happened is in the database, and is had over HTTP.
        assert [device["label"] for device in await asyncio.to_thread(account.get, "/devices")] == ["Renamed"]
        # From here on everything comes again.
        sensor = await asyncio.to_thread(Peer, hub, account.token, account.device)
        await asyncio.to_thread(telemetry, sensor, 7)
        await until(lambda: numbers(heard) == [7] and numbers(events) == [7])
        sensor.close()
        await client.disconnect()

    asyncio.run(run())


def test_it_refreshes_its_token_and_stays_connected(hub, account):
    async def run() -> None:
        events = Events()
        given: list[str] = []

        async def get_token() -> str:
            given.append(await asyncio.to_thread(token_for, hub, account, 2 if len(given) < 2 else 1000))
            return given[-1]

        client = client_of(hub, events, get_token=get_token)
        await client.connect()
        # One for connecting; two more when their time is over.
        await until(lambda: len(given) == 3)
        answer = await client.presence_stats(f"device:{account.device}")
        assert answer.num_clients == 0
        assert len(events.of("connected")) == 1 and not events.of("error") and not events.of("disconnected")
        await client.disconnect()

    asyncio.run(run())


def test_it_gets_another_token_when_the_one_it_has_is_expired(hub, account):
    async def run() -> None:
        events = Events()

        async def get_token() -> str:
            return account.token

        client = client_of(hub, events, token=token_for(hub, account, -1), get_token=get_token)
        await client.connect()
        await until(lambda: events.of("connected"))
        assert [type(ctx.error) for ctx in events.of("error")] == [ReplyError] and issubclass(ReplyError, CentrifugeError)
        await client.disconnect()

    asyncio.run(run())


def test_it_stays_away_when_its_token_was_revoked(hub, account):
    async def run() -> None:
        events = Events()
        token = token_for(hub, account, 1000)
        client = client_of(hub, events, token=token)
        await client.connect()
        await until(lambda: events.of("connected"))
        await asyncio.to_thread(hub.call, "POST", "/auth/logout", None, token)
        assert (await until(lambda: events.of("disconnected")))[0].code == 3500

    asyncio.run(run())
