#!/usr/bin/env python3
"""Kills each of six services during an import and during a scan, and counts what is left.

usage: check_faults.py BINARIES [ADMIN_URL] [--points N] [--minutes N] [--keep]

BINARIES is the folder with the built programs, ADMIN_URL a PostgreSQL cluster of tests (else
TIDEMARK_TEST_DATABASE_URL, else a private one): the passwords of Tidemark's roles in it are set to
those of the tests. With --minutes it is repeated, each time with another seed.
Six processes are started over sockets in a folder. While four sources send points, and again
while they are scanned, each process is ended by SIGKILL in turn and started again. A ledger on
disk holds what was acknowledged; afterwards every acknowledged point must be there once, the scan
complete, each anomaly and each notification there once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import sys
import threading
import time

from checks import Checks
from fault_calls import Calls, Interrupted
from fault_data import Batch, Plan
from fault_killer import ORDERS, Kill, Killer
from fault_ledger import Ledger
from fault_verify import verify_anomalies, verify_notifications, verify_points
from house import SERVICES, House, cluster
from house_sinks import Sinks
from supervisor import Supervisor

IMPORT_SECONDS = 300
SCAN_SECONDS = 300
SETTLE_SECONDS = 90


class Import:
    """Four sources that send all points, each batch again until it is acknowledged."""

    def __init__(self, house: House, calls: Calls, plan: Plan, ledger: Ledger) -> None:
        self.killer = Killer(
            house, "import", lambda: self.rows / self.plan.points, lambda: self.is_over)
        self.calls, self.plan, self.ledger = calls, plan, ledger
        self.rows = 0
        self.repeated = 0
        self.sources_ended = 0
        self.errors: list[BaseException] = []
        # Made before, so that the calls follow each other without a pause.
        batches = [list(plan.batches(index)) for index in range(plan.sources)]
        self.threads = [threading.Thread(target=self.send, args=(each,)) for each in batches]

    def send(self, batches: list[Batch]) -> None:
        """One source's batches, in order."""
        try:
            for batch in batches:
                with self.killer.moved:
                    self.killer.moved.wait_for(self.may_go_on)
                self.send_one(batch)
        except BaseException as error:  # noqa: BLE001: told by the thread that waits
            self.errors.append(error)
        finally:
            with self.killer.moved:
                self.sources_ended += 1
                self.killer.moved.notify_all()

    def may_go_on(self) -> bool:
        """Whether the next batch may be sent, if only to fail."""
        return self.rows <= self.killer.leave * self.plan.points or bool(self.errors)

    def send_one(self, batch: Batch) -> None:
        """One batch until it is acknowledged."""
        deadline = time.monotonic() + IMPORT_SECONDS
        while True:
            self.ledger.note("sent", batch)
            try:
                answer = self.calls.put_points(self.plan, batch)
            except Interrupted as error:
                self.ledger.note("unanswered", batch, status=str(error))
                if time.monotonic() > deadline or self.errors:
                    raise
                time.sleep(0.05)
                continue
            if answer.accepted != len(batch.rows) or answer.refused:
                raise RuntimeError(f"{batch.source}/{batch.sequence}: {answer}")
            self.ledger.note("acknowledged", batch, repeated=answer.repeated_batch)
            with self.killer.moved:
                self.rows += len(batch.rows)
                self.repeated += answer.repeated_batch
                self.killer.moved.notify_all()
            return

    @property
    def is_over(self) -> bool:
        """Whether nothing is sent any more."""
        return self.sources_ended == len(self.threads)

    def run(self) -> list[Kill]:
        """Sends everything while services are killed."""
        for thread in [*self.threads, self.killer.thread]:
            thread.start()
        for thread in self.threads:
            thread.join()
        self.killer.finish()
        if self.errors:
            raise self.errors[0]
        return self.killer.kills


def scan(house: House, calls: Calls, checks: Checks) -> list[Kill]:
    """Starts a scan, kills services while it runs, and waits until it is complete."""
    run = calls.start_scan()
    state = {"share": 0.0, "over": False}
    killer = Killer(house, "scan", lambda: state["share"], lambda: state["over"])
    killer.thread.start()
    deadline = time.monotonic() + SCAN_SECONDS
    report = None
    while time.monotonic() < deadline:
        with contextlib.suppress(Interrupted):
            report = calls.get_scan(run)
            state["share"] = report.buckets_scanned / max(report.buckets_due, 1)
            state["over"] = calls.is_ended(report)
            killer.tell()
        if state["over"] and not killer.thread.is_alive():
            break
        time.sleep(0.02)
    killer.finish()
    if checks.check("the scan completes", report is not None and calls.is_complete(report), report):
        print(
            f"  scan: {report.series_scanned} series, {report.buckets_scanned} buckets,"
            f" {report.findings} findings", flush=True)
        checks.equal("the scan reaches every series", report.series_failed, 0)
    second = calls.start_scan(b"\x02" * 16)
    report = calls.wait_for_scan(second, SCAN_SECONDS)
    repeats = second != run and report.buckets_scanned > 0
    checks.check("a second scan has nothing to do", not repeats, report)
    return killer.kills


def settle(house: House, checks: Checks) -> None:
    """Waits until no service has work left."""
    queues = ["ingest", "baseline", "classifier", "notifier"]
    deadline = time.monotonic() + SETTLE_SECONDS
    quiet = 0
    depths: dict[str, float] = {}
    while quiet < 4 and time.monotonic() < deadline:
        depths = {name: house.metric(name, "tidemark_workqueue_depth") for name in queues}
        quiet = quiet + 1 if not any(depths.values()) else 0
        time.sleep(0.25)
    checks.check("all queues run empty", quiet >= 4, depths)


def report_kills(checks: Checks, kills: list[Kill]) -> None:
    """Prints each kill and checks that every service was hit while there was work."""
    print("  phase   service     at     down")
    for kill in kills:
        met = "" if kill.met_work else "  (nothing was left to do)"
        print(
            f"  {kill.phase:7} {kill.service:10} {kill.at_percent:4.0f} %"
            f" {kill.down_seconds:5.2f} s{met}", flush=True)
    for phase, order in ORDERS.items():
        hit = {kill.service for kill in kills if kill.phase == phase and kill.met_work}
        missed = sorted(set(order) - hit)
        checks.equal(f"every service was killed during the {phase}", missed, [])


def main() -> int:
    """Runs the whole, once or for some time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binaries")
    given = os.environ.get("TIDEMARK_TEST_DATABASE_URL")
    parser.add_argument("admin_url", nargs="?", default=given)
    parser.add_argument("--points", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--keep", action="store_true", help="leave logs and settings behind")
    options = parser.parse_args()
    checks = Checks("check_faults")
    deadline = time.monotonic() + 60 * options.minutes
    with cluster(options.binaries, options.admin_url) as admin_url:
        seed = options.seed
        while not checks.failed:
            plan = Plan.of_points(options.points, seed=seed)
            run_once(checks, plan, options.binaries, admin_url, options.keep)
            seed += 1
            if time.monotonic() >= deadline:
                break
            print(f"check_faults: seed {seed}", flush=True)
    return checks.finish()


def run_once(checks: Checks, plan: Plan, binaries: str, admin_url: str, keep: bool) -> None:
    """One house from its making to its end."""
    house = House(binaries, admin_url)
    sinks = Sinks(house)
    try:
        sinks.start()
        # A range of a process that was killed is free again soon, and the past is told of too.
        house.extra["baseline"].update({"lease-seconds": 3, "notify-history": True})
        house.prepare(["fault-test"])
        for name in SERVICES:
            house.start(name)
        calls = Calls(house, "fault-test")
        ledger = Ledger(pathlib.Path(house.folder) / "ledger.ndjson")
        with Supervisor(house):
            kills = run_all(checks, house, calls, plan, ledger, sinks)
        report_kills(checks, kills)
        for name in SERVICES:
            checks.equal(f"{name} drains and ends with 0", house.stop(name), 0)
    except BaseException as error:
        for name in SERVICES:
            print(f"--- last lines of {name}\n" + "\n".join(house.log(name).splitlines()[-8:]))
        checks.check("the test runs to its end", False, f"{type(error).__name__}: {error}")
        if isinstance(error, KeyboardInterrupt):
            raise
    finally:
        sinks.stop()
        house.close(keep=keep)


def run_all(
    checks: Checks, house: House, calls: Calls, plan: Plan, ledger: Ledger, sinks: Sinks
) -> list[Kill]:
    """Import, scan, and the count of everything afterwards."""
    calls.put_catalogue(plan)
    sending = Import(house, calls, plan, ledger)
    started = time.monotonic()
    kills = sending.run()
    took = f"{sending.rows} points in {time.monotonic() - started:.1f} s"
    print(f"  import: {took}, {ledger.sends_without_answer()} batches sent again,"
          f" {sending.repeated} of them already counted", flush=True)
    verify_points(checks, calls, plan, ledger)
    calls.close_buckets(plan)
    started = time.monotonic()
    kills += scan(house, calls, checks)
    settle(house, checks)
    print(f"  scan and notifications: {time.monotonic() - started:.1f} s", flush=True)
    anomalies = verify_anomalies(checks, calls, plan)
    verify_notifications(checks, calls, sinks, anomalies, len(kills))
    return kills


if __name__ == "__main__":
    sys.exit(main())
