#!/usr/bin/env python3
"""Proves that a house finds what `tidemark backtest` finds, in the same points.

usage: check_live.py BINARIES [ADMIN_URL]

ADMIN_URL is a PostgreSQL cluster of tests (else TIDEMARK_TEST_DATABASE_URL, else a private one).
A small synthetic history with customers, regions, holidays and a known event goes to three houses of
six services. One scans all of it at once, one in steps, day by day around a platform event. The third
knows no holiday and no event until everything has been judged; then it is told, and has to withdraw
what it would not have raised.
Whatever people are told of is held against the rows of the backtest: series, first and last bucket,
type, severity, score, and the step in which it was found. Then the first house is asked why: its
explanations are held against those of the file, its recorded decisions are made again, and what is
set for one customer has to change what its next day raises.
"""

from __future__ import annotations

import collections
import concurrent.futures
import csv
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from checks import Checks
from clients_cli import CommandLine
from foreign import messages
from house import SERVICES, House, cluster
from live_decisions import check_decisions

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Quality"))

import generate  # noqa: E402

WORDS = ["--customers", "14", "--days", "260", "--hourly-customers", "1", "--hourly-days", "60"]
KINDS = {"health_score": "gauge", "revenue": "money"}
DAY = datetime.timedelta(1)
OPENED, REOPENED = 1, 6


class History:
    """The files of a synthetic history, as import, calendar and backtest take them."""

    def __init__(self, folder: pathlib.Path) -> None:
        generate.generate(folder, WORDS)
        self.folder = folder
        self.points = folder / "daily.csv"
        meta = json.loads((folder / "meta.json").read_text())
        self.customers = self.write("customers.csv", "external_id,region", [
            f"{each['customer']},{each['region']}" for each in meta["customers"]])
        with self.points.open() as file:
            self.rows = list(csv.DictReader(file))
        names = sorted({row["metric"] for row in self.rows})
        self.metrics = self.write(
            "metrics.csv", "metric,granularity,kind,polarity,decimal_places,unit,display_name", [
                f"{name},day,{KINDS.get(name, 'count')},up,4,units,{name}" for name in names])
        self.calendar = self.write("calendar.csv", "date,through,region,customer,metric,kind,name", [
            f"{date},{date},{region},,,holiday,Holiday"
            for region, dates in meta["holidays"].items() for date in dates
        ] + ["2023-07-03,2023-07-07,,c003,logins,migration,Move"])
        labels = json.loads((folder / "labels.json").read_text())
        self.outage = max(
            event["start"] for event in labels["events"] if event["type"] == "platform_outage")
        self.last = max(row["date"] for row in self.rows)

    def write(self, name: str, head: str, rows: list[str]) -> pathlib.Path:
        """A table in the folder."""
        path = self.folder / name
        path.write_text("\n".join([head, *rows]) + "\n")
        return path

    def part(self, after: str, through: str) -> pathlib.Path:
        """The points of some days."""
        return self.write(f"part-{through}.csv", "customer,metric,date,value", [
            f"{row['customer']},{row['metric']},{row['date']},{row['value']}"
            for row in self.rows if after < row["date"] <= through])

    def steps(self) -> list[str]:
        """The last days of steps: a long one, single days, weeks."""
        day = datetime.date.fromisoformat(self.outage) - 4 * DAY
        steps = [day.isoformat()]
        for length in [1] * 16 + [7] * 60:
            day += length * DAY
            if day.isoformat() >= self.last:
                break
            steps.append(day.isoformat())
        return [*steps, self.last]


def backtest(binaries: pathlib.Path, history: History) -> list[dict[str, str]]:
    """The rows of the backtest."""
    out = history.folder / "detections.csv"
    done = subprocess.run(
        [binaries / "tidemark", "backtest", "--points", history.points, "--customers",
         history.customers, "--metrics", history.metrics, "--holidays", history.calendar,
         "--all-types", "--out", out], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"backtest: {done.stderr.strip()}")
    with out.open() as file:
        return list(csv.DictReader(file))


class Live:
    """A house that judges a history, and what people were told of it."""

    def __init__(
        self, binaries: str, admin_url: str, history: History, *, knows: bool = True
    ) -> None:
        self.history = history
        self.known: tuple[list[str], list[str]] | None = None
        self.house = House(binaries, admin_url)
        # History is told too, as a backtest tells it, and several ranges are scanned side by side.
        self.house.extra["baseline"] = {"notify-history": True, "range-series": 30}
        self.house.prepare(["client"])
        for name in SERVICES:
            self.house.start(name)
        self.tidemark = CommandLine(self.house)
        if knows:
            self.learn()

    def remember(self) -> None:
        """Keeps what is known by now, for the comparison of houses."""
        self.known = (self.models(), self.anomalies())

    def learn(self) -> None:
        """Enters the holidays and the event."""
        self.run("calendar", "import", self.history.calendar)

    def run(self, *words: object) -> str:
        """A command that has to succeed."""
        code, said = self.tidemark(*words)
        if code != 0:
            raise RuntimeError(f"{words[0]}: exit code {code}: {said[-1000:]}")
        return said

    def judge(self, points: pathlib.Path, through: str) -> None:
        """Imports points, closes their days and waits until they are judged."""
        self.run(
            "import", points, "--customers", self.history.customers, "--metrics",
            self.history.metrics, "--through", through)
        self.run("scan", "--granularity", "day")

    def query(self, statement: str) -> list[str]:
        """The rows of a statement, their columns joined by bars."""
        return self.house.psql(statement, self.house.database).splitlines()

    def anomalies(self) -> list[str]:
        """All anomalies that were not withdrawn, apart from when and how often they were found.

        An anomaly whose first day was another one at first keeps its identity.
        """
        return sorted(self.query(
            "SELECT customer_id, metric_name, type, severity, intent, state, acknowledged,"
            " start_bucket, end_bucket, last_bucket, calm_buckets, observed_sum, expected_sum,"
            " counted_buckets, score, scope, standing, members FROM classifier.anomaly"
            " WHERE state <> 6"))

    def alarms(self, proto, condition: str) -> set[tuple[str, str]]:
        """The anomalies that people were told of: series in the words of the backtest, first day."""
        found = set()
        for row in self.query(
                "SELECT encode(customer, 'hex'), metric_name, scope, start_bucket"
                " FROM classifier.anomaly"
                f" WHERE standing = 1 AND revision > 0 AND {condition}"):
            customer, metric, scope, start = row.split("|")
            owner = proto.Customer.FromString(bytes.fromhex(customer))
            whole = f"@{owner.segment}/*" if owner.segment else "*"
            name = {"1": f"{owner.external_id}/{metric}", "2": f"{owner.external_id}/*"}
            found.add((name.get(scope, whole), date(int(start))))
        return found

    def models(self) -> list[str]:
        """What is known of every series, to the byte, and what each day did to the cohorts."""
        return self.query(
            "SELECT customer_id::text, metric_id::text, md5(state) FROM baseline.series_state"
            " UNION ALL SELECT bucket::text, cohort, md5(concat_ws(' ', shift, effect,"
            " outage_since, score, members, encode(drifts, 'hex'), encode(profile, 'hex')))"
            " FROM baseline.cohort_row ORDER BY 1, 2, 3")

    def told(self, proto) -> list[tuple]:
        """What people were told to be there, with the number of the change."""
        rows = self.house.psql(
            "SELECT anomaly_id, revision, encode(change, 'hex') FROM classifier.anomaly_revision"
            f" WHERE kind IN ({OPENED}, {REOPENED})", self.house.database)
        found = []
        for row in rows.splitlines():
            name, revision, change = row.split("|")
            anomaly = proto.AnomalyChange.FromString(bytes.fromhex(change)).anomaly
            found.append((f"{name}/{revision}", *told_as(anomaly, proto)))
        return found


def told_as(anomaly, proto) -> tuple[str, str, str, str, str, str]:
    """An anomaly in the words of the backtest, apart from when it was found."""
    name = f"{anomaly.customer.external_id}/{anomaly.metric.name}"
    if anomaly.scope == proto.ANOMALY_SCOPE_CUSTOMER:
        name = f"{anomaly.customer.external_id}/*"
    elif anomaly.scope == proto.ANOMALY_SCOPE_COHORT:
        cohort = anomaly.customer.segment
        name = f"@{cohort}/*" if cohort else "*"
    kind = proto.AnomalyType.Name(anomaly.type).removeprefix("ANOMALY_TYPE_").lower()
    severity = proto.Severity.Name(anomaly.severity).removeprefix("SEVERITY_").lower()
    return (name, date(anomaly.start_bucket), date(anomaly.end_bucket), kind, severity,
            f"{anomaly.score:.4f}")


def date(bucket: int) -> str:
    """The day of a bucket."""
    return (datetime.date(1970, 1, 1) + bucket * DAY).isoformat()


def expected(row: dict[str, str]) -> tuple:
    """A row of the backtest, apart from when it was found."""
    return (row["series_id"], row["start"], row["end"], row["type"], row["severity"],
            f"{float(row['score']):.4f}")


def check_means(checks: Checks, name: str, live: Live) -> None:
    """What makes live and backtest agree has been at work: cohorts, the calendar, several ranges."""
    for text, statement in {
        "a common shift": "SELECT count(*) FROM baseline.cohort_row WHERE shift <> 0",
        "a platform event": "SELECT count(*) FROM baseline.cohort_row WHERE outage_since > 0",
        "the calendar": "SELECT count(*) FROM baseline.scan_run WHERE calendar_sequence > 0",
        "several ranges": "SELECT count(*) - 1 FROM baseline.scan_range GROUP BY run_id LIMIT 1",
    }.items():
        count = int(live.house.psql(statement, live.house.database))
        checks.check(f"{name}: {text} is heeded", count > 0)


def compare(checks: Checks, name: str, seen: list[tuple], wanted: list[tuple]) -> None:
    """Checks that the same was found, and tells what was not."""
    seen_count, wanted_count = collections.Counter(seen), collections.Counter(wanted)
    more, less = seen_count - wanted_count, wanted_count - seen_count
    checks.check(
        f"{name}: {len(wanted)} alarms are those of the backtest", not more and not less,
        f"{len(seen)} were told\n  only live:     {sorted(more.elements())[:12]}"
        f"\n  only backtest: {sorted(less.elements())[:12]}")


def at_once(checks: Checks, live: Live, proto, rows: list[dict[str, str]]) -> None:
    """All of history in one scan."""
    live.judge(live.history.part("", live.history.last), live.history.last)
    compare(checks, "at once", [each[1:] for each in live.told(proto)], [
        expected(row) for row in rows])
    check_means(checks, "at once", live)
    live.remember()
    check_decisions(checks, live, rows, live.house.binaries)


def in_steps(checks: Checks, live: Live, proto, rows: list[dict[str, str]]) -> None:
    """History in steps; what is found in a step is what the backtest found in its days."""
    known: set[str] = set()
    after, seen, wanted = "", [], []
    for through in live.history.steps():
        live.judge(live.history.part(after, through), through)
        for each in live.told(proto):
            if each[0] not in known:
                seen.append((*each[1:], through))
                known.add(each[0])
        wanted += [
            (*expected(row), through) for row in rows if after < row["detected_at"] <= through]
        after = through
    compare(checks, f"in {len(live.history.steps())} steps", seen, wanted)
    check_means(checks, "in steps", live)


def late(checks: Checks, live: Live, proto, rows: list[dict[str, str]]) -> None:
    """History that nobody had a calendar for: alarms, one told on the day; then the calendar."""
    with live.history.calendar.open() as file:
        days = sorted(row["date"] for row in csv.DictReader(file) if row["kind"] == "holiday")
    holiday = max(day for day in days if day < live.history.last)
    before = (datetime.date.fromisoformat(holiday) - DAY).isoformat()
    after = ""
    for through in [before, holiday, live.history.last]:
        live.judge(live.history.part(after, through), through)
        after = through
    alarms = {each[1:3] for each in live.told(proto)}
    raised = {
        name: first for name, first in alarms if first in days and (name, first) not in
        {(row["series_id"], row["start"]) for row in rows}}
    checks.check("late: without a calendar holidays raise alarms", raised, f"{sorted(alarms)[:9]}")
    heard = live.query("SELECT count(*) FROM classifier.anomaly_revision WHERE heard")[0]
    live.learn()
    live.run("scan", "--granularity", "day")
    changes = live.query(
        "SELECT change.kind, anomaly.state, possible_cause FROM classifier.anomaly_revision AS"
        " change JOIN classifier.anomaly ON anomaly.id = anomaly_id WHERE change.heard"
        f" ORDER BY changed_unix_us, change.kind OFFSET {heard}")
    withdrawn = [each for each in changes if each.startswith("5|6|")]
    checks.check(
        "late: what the calendar explains is withdrawn, and says so",
        withdrawn and all("Explained by the calendar: " in each for each in withdrawn), changes)
    # The other way round a holiday may have hidden in the spread of a series what is seen now.
    borne = {(row["series_id"], row["start"]) for row in rows}
    new = {each[1:3] for each in live.told(proto)} - alarms
    checks.check("late: nothing is told as new that a backtest does not find", new <= borne,
                 f"{sorted(new - borne)[:9]}")
    # Whatever series an alarm was withdrawn of has exactly the alarms of the backtest left.
    affected = {name for name, _ in live.alarms(proto, "state = 6")}
    left = {each for each in live.alarms(proto, "state <> 6") if each[0] in affected}
    wanted = {each for each in borne if each[0] in affected}
    checks.check(
        f"late: of {len(affected)} series that lost an alarm the backtest's {len(wanted)} are left",
        affected and left == wanted,
        f"\n  only live:     {sorted(left - wanted)}\n  only backtest: {sorted(wanted - left)}")


def same_end(checks: Checks, ends: dict[str, tuple[list[str], list[str]]]) -> None:
    """All houses know the same in the end, however and whenever they came to know it."""
    for name in ("in_steps", "late"):
        for place, what in enumerate(("the same of every series", "the same anomalies")):
            if "at_once" not in ends or name not in ends:
                continue
            mine, other = ends[name][place], ends["at_once"][place]
            checks.check(
                f"{name}: {len(other)} rows, {what} as at once", mine == other,
                f"\n  only here: {sorted(set(mine) - set(other))[:6]}"
                f"\n  only there: {sorted(set(other) - set(mine))[:6]}")


def main() -> int:
    """Runs all checks."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    given = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("TIDEMARK_TEST_DATABASE_URL")
    checks = Checks("check_live")
    with (
        tempfile.TemporaryDirectory(prefix="tidemark-live-") as folder,
        cluster(sys.argv[1], given) as admin_url,
    ):
        run_all(checks, sys.argv[1], admin_url, History(pathlib.Path(folder)))
    return checks.finish()


def run_all(checks: Checks, binaries: str, admin_url: str, history: History) -> None:
    """The backtest, and houses side by side."""
    proto = messages()
    rows = backtest(pathlib.Path(binaries).resolve(), history)
    checks.check("the backtest finds the platform event", any(
        row["type"] == "platform_outage" for row in rows))

    ends: dict[str, tuple[list[str], list[str]]] = {}

    def judged(way) -> None:
        live = None
        with checks.section(way.__name__):
            try:
                live = Live(binaries, admin_url, history, knows=way is not late)
                way(checks, live, proto, rows)
                if live.known is None:
                    live.remember()
                ends[way.__name__] = live.known
            finally:
                if live is not None:
                    live.house.close()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(judged, [at_once, late, in_steps]))
    same_end(checks, ends)


if __name__ == "__main__":
    sys.exit(main())
