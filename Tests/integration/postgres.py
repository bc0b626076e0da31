"""A private Postgres server for tests: its own data, its own loopback port, durable as in production unless it is asked not to be."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The hub's own role owns its databases and is no superuser, for whom row-level security would not hold.
USER = "pingwatch"
ADMINISTRATOR = "administrator"


def find_programs() -> Path | None:
    """Where initdb and postgres are: Debian keeps them out of PATH, a folder for each major version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0))
    found = shutil.which("initdb")
    candidates = [*reversed(folders), *([Path(found).resolve().parent] if found else [])]
    return next((folder for folder in candidates if (folder / "postgres").exists() and (folder / "initdb").exists()), None)


class PostgresServer:
    """Runs inside `with`. It keeps its port over `stop`, `kill` and `start`, as clients expect of a database that comes back.

    `folder` gets the server's log. The data has a temporary folder of its own: Postgres refuses to run as root, and the account that
    it runs as then may not be able to reach `folder`.
    """

    def __init__(self, folder: Path, is_durable: bool = True) -> None:
        """`is_durable=False`: nothing waits for the disk (fsync is off), for tests that never end it in the middle of something."""
        programs = find_programs()
        if programs is None:
            raise RuntimeError("Postgres is not installed (Debian: apt-get install postgresql)")
        self.programs = programs
        self.options = [] if is_durable else ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
        self.log = Path(folder) / "postgres.log"
        self.password = secrets.token_hex(12)
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._data: Path | None = None
        self._kept_port = 0

    def __enter__(self) -> "PostgresServer":
        self._data = Path(tempfile.mkdtemp(prefix="pingwatch-postgres-"))
        try:
            self._initialize()
            self.start()
            self.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{self.password}'")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.kill()
        if self._data is not None:
            shutil.rmtree(self._data, ignore_errors=True)
            self._data = None

    def url(self, database: str) -> str:
        """The address of a fresh, empty database of this name; one that was there is gone."""
        quoted = '"' + database.replace('"', '""') + '"'
        self.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
        self.execute(f"CREATE DATABASE {quoted} OWNER {USER}")
        return f"postgres://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, sql: str, database: str = "postgres") -> str:
        """What psql prints for it, columns apart by `|`."""
        out = self._client("psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql)
        return out.stdout.strip()

    @contextlib.contextmanager
    def locked(self, database: str, table: str):
        """Somebody else holds the table meanwhile: whoever reads or writes it waits."""
        program = subprocess.Popen(
            [str(self.programs / "psql"), "-X", "-q", "-t", "-A", "-d", database], env=self._environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            program.stdin.write(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'locked';\n")
            program.stdin.flush()
            assert program.stdout.readline() == "locked\n"
            yield
        finally:
            program.communicate("ROLLBACK;\n", 20)

    def dump(self, database: str, file: Path) -> None:
        """All of a database as SQL, to look at after a failed test."""
        file.write_text(self._client("pg_dump", database).stdout)

    def start(self) -> None:
        """Until it answers. After `kill` it recovers first."""
        assert self._data is not None, "use `with`"
        if self.process is not None:
            raise RuntimeError("it runs already")
        deadline = time.monotonic() + 60
        while True:
            self.port = self._kept_port or free_port()
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [str(self.programs / "postgres"), "-D", str(self._data / "data"), "-h", "127.0.0.1", "-p", str(self.port),
                     "-c", "unix_socket_directories=", "-c", "max_connections=400", "-c", "shared_buffers=16MB", *self.options],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self._identity())
            if self._wait_until_ready(deadline):
                self._kept_port = self.port
                return
            # Another program took the port, or processes of the one that was killed still hold its memory.
            self.process.wait()
            self.process = None
            if time.monotonic() > deadline:
                raise RuntimeError(f"Postgres did not start: {self.log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Cleanly; connections are closed."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.process = None

    def kill(self) -> None:
        """As when the machine's power fails: no checkpoint, no good-bye."""
        if self.process is None:
            return
        # Stopped first, so that it makes no further children while they are counted. Each is killed: they would outlive it for a moment.
        self.process.send_signal(signal.SIGSTOP)
        children = [int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]
        self.process.kill()
        self.process.wait()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process = None

    # Inside

    def _initialize(self) -> None:
        assert self._data is not None
        secret = self._data / "password"
        secret.write_text(self.password)
        secret.chmod(0o600)
        identity = self._identity()
        if identity:
            shutil.chown(self._data, "postgres", "postgres")
            shutil.chown(secret, "postgres", "postgres")
        # The locale decides what lower() and the order of texts are: the same on every machine.
        made = subprocess.run(
            [str(self.programs / "initdb"), "-D", str(self._data / "data"), "-U", ADMINISTRATOR, "--auth=scram-sha-256", f"--pwfile={secret}",
             "--encoding=UTF8", "--locale=C.UTF-8"],
            cwd="/", capture_output=True, text=True, **identity)
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        secret.unlink()

    def _identity(self) -> dict:
        """Whose processes they are: root's must not be."""
        return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}

    def _wait_until_ready(self, deadline: float) -> bool:
        assert self.process is not None
        while self.process.poll() is None:
            ready = subprocess.run(
                [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", ADMINISTRATOR, "-d", "postgres"])
            # Also asked of the process, since another's server may answer on this port.
            if ready.returncode == 0 and self.process.poll() is None:
                return True
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("Postgres did not become ready")
            time.sleep(0.05)
        return False

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": ADMINISTRATOR, "PGPASSWORD": self.password}

    def _client(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        out = subprocess.run([str(self.programs / program), *arguments], env=self._environment(), capture_output=True, text=True, timeout=60)
        if out.returncode != 0:
            raise RuntimeError(f"{program}: {out.stderr.strip()}")
        return out


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main(command: list[str]) -> int:
    """Runs a command with PINGWATCH_TEST_POSTGRES set (scripts/with-postgres)."""
    if not command:
        print("usage: scripts/with-postgres COMMAND…", file=sys.stderr)
        return 64
    with tempfile.TemporaryDirectory() as folder, PostgresServer(Path(folder), is_durable=False) as server:
        return subprocess.call(command, env={**os.environ, "PINGWATCH_TEST_POSTGRES": server.url("tests")})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
