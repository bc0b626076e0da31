"""Five thousand connections are reset and come back at once, to catch up on what they missed (storm)."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import common  # noqa: F401
from load import Aim, Result, Server, Site, in_turn, wsload
from sensor import Peer

CONNECTIONS, USERS = 5_000, 100
# Published before the connections come, which know of none of them.
MISSED = 5


def hello(site: Site, server: Server, number: int) -> str:
    """What a client of this user says that has seen what there was before the last publications."""
    hub = SimpleNamespace(socket_url=f"ws://127.0.0.1:{server.port}/connection/websocket")
    channel = f"user:{site.users[number]}"
    with contextlib.closing(Peer(hub, site.tokens[number], f"bench-{number}")) as peer:
        # The last that the hub itself has to say of a camera that has come.
        peer.wait_publication("device.presence", online=True)
        seen = [push["pub"]["offset"] for push in peer.pushes if push.get("channel") == channel][-1]
        for count in range(MISSED):
            peer.rpc("device.telemetry", {"telemetry": {"count": count}})
        subs = {channel: {"recover": True, "epoch": peer.hello["subs"][channel]["epoch"], "offset": seen}}
    return json.dumps({"id": 1, "connect": {"token": site.tokens[number], "subs": subs}}, separators=(",", ":"))


def storm() -> Result:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), users=USERS)

        def hub() -> dict[str, float]:
            with site.served() as server:
                values = site.file("hellos", *(hello(site, server, number) for number in range(USERS)))
                time.sleep(0.5)
                # Ready is who was told that nothing is missing.
                return wsload(server, "storm", [
                    "--subs", str(CONNECTIONS), "--duration", "1", "--path", "/connection/websocket", "--protocol", "pingwatch.v1", "--values", values,
                    "--sub-hello", site.file("hello", "?{v}"), "--reply-match", '"recovered":true'])

        figures = in_turn({"hub": hub})
    return Result(figures, [Aim("all subscribed and recovered after", figures["hub"]["all_ready_seconds"], 3, " s", tolerance=1)]).print(
        "storm", ("all_ready_seconds", "all ready s", 1), ("setup_p50_us", "p50 ms", 1000), ("setup_p99_us", "p99 ms", 1000),
        ("cpu_us_per_connect", "CPU µs each", 1), ("retries", "retries", 1))
