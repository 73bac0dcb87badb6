#!/usr/bin/env python3
"""Breaks off connections in the middle of traffic until libnng 1.5.2 no longer clears them away.

usage: check_broken_connections.py BINARIES [ADMIN_URL]

A service must notice that, drain, say why and end with a failure, so that what supervises it starts
it over; and it must then be as good as new. Without that it would keep every broken connection and
never connect to another service again.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time

from checks import Checks
from foreign import RawClient, messages
from house import House, cluster

CALLER = "stranger"
NAME = "detector"
HANDSHAKE = b"\0SP\0\0\x30\0\0"
REQUESTS = 500
CONNECTIONS = 2_000
# What a service may take to notice, to drain and to end.
NOTICE_SECONDS = 60


def main() -> int:
    """Runs all checks."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    given = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("TIDEMARK_TEST_DATABASE_URL")
    checks = Checks("check_broken_connections")
    with cluster(sys.argv[1], given) as admin_url, House(sys.argv[1], admin_url) as house:
        house.prepare([CALLER])
        house.start(NAME)
        with checks.section("traffic that breaks off"):
            check_start_over(checks, house)
    return checks.finish()


def check_start_over(checks: Checks, house: House) -> None:
    """Breaks connections until the service ends, and starts it again."""
    running = house.running[NAME]
    process = running.process
    path = house.url(NAME).removeprefix("ipc://")
    broken = 0
    while broken < CONNECTIONS and process.poll() is None and not is_waiting(house):
        break_off(path)
        broken += 1
    try:
        code = running.wait(NOTICE_SECONDS)
    except subprocess.TimeoutExpired:
        if descriptors(process.pid) < broken:
            # A libnng that clears up has nothing to be noticed.
            checks.skip("the service starts over", f"{broken} broken connections did no harm")
            return
        checks.check("the service ends", False, f"after {broken} broken connections")
        return
    checks.equal("it ends with a failure", code, 1)
    checks.check("it says why", "libnng no longer clears broken connections" in house.log(NAME))
    house.start(NAME)
    client = RawClient(house.url(NAME), CALLER, str(house.key(CALLER)), NAME)
    request = messages().HealthCheckRequest()
    checks.equal(
        "it is as good as new",
        client.refused("tidemark.v1.Meta/Check", request.SerializeToString()), "OK")
    checks.equal("it drains and ends with 0", house.stop(NAME), 0)


def is_waiting(house: House) -> bool:
    """Whether the service has noticed already."""
    return "libnng no longer" in house.log(NAME)


def descriptors(process: int) -> int:
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{process}/fd"))


def break_off(path: str) -> None:
    """Sends many requests at once and leaves while they are answered."""
    body = struct.pack("<II", 0, 0) + b"x" * 100
    requests = b"".join(
        b"\x01" + struct.pack(">QI", len(body) + 4, 0x8000_0000 | number) + body
        for number in range(1, REQUESTS)
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(path)
            connection.sendall(HANDSHAKE)
            connection.recv(len(HANDSHAKE))
            connection.send(requests)
            connection.recv(100)
        except OSError:
            # A service that has begun to drain does not listen any more.
            time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
