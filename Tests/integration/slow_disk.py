"""A disk for clips that takes its time, or stands still: a library that is preloaded into the hub."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from watching import until


def build(folder: Path) -> Path:
    """Raises OSError or CalledProcessError where there is no C compiler."""
    library = folder / "slow_disk.so"
    source = Path(__file__).with_name("slow_disk.c")
    subprocess.run(["cc", "-O1", "-Wall", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


class Gate:
    """Stops a hub that has `environment` at its disk."""

    def __init__(self, folder: Path) -> None:
        self.fifo = folder / "gate"
        self.environment = {"LD_PRELOAD": str(build(folder)), "SLOW_DISK_GATE": str(self.fifo)}

    def close(self) -> None:
        """From now on whoever uses the disk waits."""
        os.mkfifo(self.fifo)

    @contextlib.contextmanager
    def shut(self):
        """Until the end of it whoever uses the disk waits; somebody must by then."""
        self.close()
        opened = None
        try:
            yield
            # Fails with ENXIO where nobody waits.
            opened = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
        finally:
            if opened is None:
                # Of a test that failed: lets go who waits all the same.
                opened = os.open(self.fifo, os.O_RDWR)
            # Stays open for those that were about to wait.
            self.fifo.unlink()

    def wait(self) -> None:
        """Until somebody waits."""
        until(self.fifo.with_name(self.fifo.name + ".waits").exists)
