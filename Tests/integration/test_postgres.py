"""The private Postgres server that other tests build on."""

from __future__ import annotations

import subprocess

import pytest
from postgres import PostgresServer, find_programs

pytestmark = pytest.mark.skipif(find_programs() is None, reason="Postgres is not installed")


def test_it_makes_databases_goes_down_and_comes_back(tmp_path):
    with PostgresServer(tmp_path) as server:
        address = server.url("first")
        assert address == f"postgres://pingwatch:{server.password}@127.0.0.1:{server.port}/first"
        assert psql(server, address, "SHOW fsync") == "on"
        psql(server, address, "CREATE TABLE kept (word TEXT); INSERT INTO kept VALUES ('committed')")
        # Databases know nothing of each other, and a name that is asked for again begins empty.
        assert psql(server, server.url("second"), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
        for takes_down in (server.stop, server.kill):
            takes_down()
            with pytest.raises(subprocess.CalledProcessError):
                psql(server, address, "SELECT 1")
            server.start()
            assert psql(server, address, "SELECT word FROM kept") == "committed"
        assert psql(server, server.url("first"), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
        data = server._data
        process = server.process
    assert process.poll() is not None and not data.exists()
    assert "database system is ready" in (tmp_path / "postgres.log").read_text()


def psql(server: PostgresServer, address: str, sql: str) -> str:
    out = subprocess.run([server.programs / "psql", "-X", "-q", "-t", "-A", "-c", sql, address], check=True, capture_output=True, text=True)
    return out.stdout.strip()
