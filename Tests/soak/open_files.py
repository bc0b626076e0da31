"""What a process has open, by kind: where a soak ends with more descriptors than it began with, it says of what."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path


def open_kinds(pid: int, ports: dict[int, str]) -> Counter[str]:
    """Descriptors of a process. Sockets are told apart by whom they go to, `ports` naming the known ones; files by how their names end."""
    peers = _peers()
    kinds: Counter[str] = Counter()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            port, state = peers.get(target[len("socket:["):-1], (None, ""))
            kinds["other sockets" if port is None else f"sockets to {ports.get(port, 'others')} {state}".strip()] += 1
        elif target.startswith("/"):
            kinds[f"files {Path(target).suffix or Path(target).name}"] += 1
        else:
            # anon_inode:[eventpoll], pipe:[4711]
            kinds[target.rstrip("]").replace("[", "").rstrip("0123456789:")] += 1
    return kinds


# Of include/net/tcp_states.h.
_STATES = {"01": "", "06": "TIME_WAIT", "08": "CLOSE_WAIT", "0A": "listening"}


def _peers() -> dict[str, tuple[int, str]]:
    """Remote port and state of each TCP socket, by inode (proc_net_tcp of the kernel's documentation)."""
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            found[fields[9]] = (int(fields[2].rsplit(":", 1)[1], 16), _STATES.get(fields[3], f"state {fields[3]}"))
    return found
