#!/usr/bin/env python3
"""Calls a running house as strangers do: by RPC from Python and over HTTP with curl.

usage: check_clients.py BINARIES [ADMIN_URL]

ADMIN_URL is a PostgreSQL cluster of tests (else TIDEMARK_TEST_DATABASE_URL, else a private one).
Every method of ingest and gateway is called well and badly; frames are broken in every way that a
frame can be; the REST paths are called with curl. Afterwards the services must still be up, in the
same processes.
"""

from __future__ import annotations

import os
import sys

from checks import Checks
from clients_cli import check_command_line
from clients_gateway import check_gateway
from clients_ingest import check_ingest, put_history
from clients_notifier import check_notifier
from clients_rest import check_examples, check_rest
from clients_starts import check_starts
from clients_wire import check_wire
from foreign import RawClient, messages
from house import SERVICES, House, cluster
from house_sinks import Sinks

CALLER = "stranger"


def main() -> int:
    """Runs all checks."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    given = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("TIDEMARK_TEST_DATABASE_URL")
    checks = Checks("check_clients")
    with cluster(sys.argv[1], given) as admin_url:
        run_all(checks, sys.argv[1], admin_url)
    return checks.finish()


def run_all(checks: Checks, binaries: str, admin_url: str) -> None:
    """One house from its making to its end."""
    house = House(binaries, admin_url)
    sinks = Sinks(house)
    try:
        sinks.start()
        # This test shows many wrong tokens from one address.
        house.extra["gateway"]["refused-tokens-per-minute"] = 1000
        house.prepare([CALLER, "client"])
        for name in SERVICES:
            house.start(name)
        processes = {name: house.running[name].process.pid for name in SERVICES}
        clients = {name: client(house, name) for name in ("ingest", "gateway")}
        proto = messages()
        with checks.section("ingest"):
            check_ingest(checks, clients["ingest"], proto)
        with checks.section("history"):
            put_history(clients["ingest"], proto)
        with checks.section("gateway"):
            check_gateway(checks, clients["gateway"], proto, house.token)
        for name in clients:
            with checks.section(f"wire of {name}"):
                check_wire(checks, name, clients[name], house, proto)
        with checks.section("REST"):
            check_rest(checks, house)
        with checks.section("command line"):
            check_command_line(checks, house)
        with checks.section("notifier"):
            check_notifier(checks, house)
        with checks.section("starts"):
            check_starts(checks, house)
        with checks.section("examples"):
            check_examples(checks, house, CALLER)
        for name in SERVICES:
            alive = house.running[name].process.poll() is None
            checks.check(f"{name} is still up", alive and house.is_healthy(name))
            checks.equal(
                f"{name} is the same process", house.running[name].process.pid, processes[name])
        for name in SERVICES:
            checks.equal(f"{name} drains and ends with 0", house.stop(name), 0)
    except Exception as error:  # noqa: BLE001: whatever it is, the logs help
        checks.check("the test runs to its end", False, f"{type(error).__name__}: {error}")
        for name in SERVICES:
            print(f"--- last lines of {name}\n" + "\n".join(house.log(name).splitlines()[-8:]))
    finally:
        sinks.stop()
        house.close()


def client(house: House, service: str) -> RawClient:
    """A client of one service."""
    return RawClient(house.url(service), CALLER, str(house.key(CALLER)), service)


if __name__ == "__main__":
    sys.exit(main())
