"""The first start as whoever started it sees it: on a terminal, with the link as a code for a phone."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import threading

import scanner
from system import ROOT

COLOURED = re.compile("\x1b\\[38;5;16;48;5;231m(.*?)\x1b\\[0m")
# Which modules of two rows are dark.
MODULES = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
DOTS = 4


def picture(lines: list[str]) -> bytes:
    """Of what the terminal shows, as a PBM file."""
    rows = [[MODULES[each][half] for each in line] for line in lines for half in (0, 1)]
    wide = [[dot for dot in row for _ in range(DOTS)] for row in rows for _ in range(DOTS)]
    return f"P1\n{len(wide[0])} {len(wide)}\n{chr(10).join(''.join(map(str, row)) for row in wide)}\n".encode()


def test_the_code_on_the_terminal_is_the_link(tmp_path):
    terminal, inside = pty.openpty()
    variables = {key: os.environ[key] for key in ("PATH", "HOME", "LD_LIBRARY_PATH") if key in os.environ}
    hub = subprocess.Popen(
        [os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch")), "serve", "--port", "0", "--data-dir", str(tmp_path / "data")],
        cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=inside, stderr=subprocess.DEVNULL)
    os.close(inside)
    # A hub that never prints it ends, and with it the terminal.
    watchdog = threading.Timer(30, hub.kill)
    watchdog.start()
    shown, lines = b"", []
    try:
        # Two rows of the square are in each line.
        while not lines or len(lines) < (len(lines[0]) + 1) // 2:
            shown += os.read(terminal, 65_536)
            lines = COLOURED.findall(shown.decode(errors="replace"))
    finally:
        watchdog.cancel()
        hub.send_signal(signal.SIGTERM)
        hub.wait(20)
        os.close(terminal)
    [link] = re.findall(r"http://\S+/#/setup/[\w-]{43}", shown.decode())
    assert scanner.read(picture(lines), "pbm") == link
