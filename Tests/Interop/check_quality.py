#!/usr/bin/env python3
"""Checks what measures detection quality: the judges, the ratchet, the synthetic history.

usage: check_quality.py BINARIES
"""

from __future__ import annotations

import json
import pathlib
import sys
import tempfile

from checks import Checks, arguments

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "Quality"))

import backtests  # noqa: E402
import feedback  # noqa: E402
import figures  # noqa: E402
import generate  # noqa: E402
import judge_files  # noqa: E402
import judge_selftest  # noqa: E402
import nab_selftest  # noqa: E402
import outcomes  # noqa: E402
from ratchet import Ratchet  # noqa: E402

SMALLEST = ["--customers", "2", "--days", "240", "--hourly-customers", "1", "--hourly-days", "60"]


def check_outcomes(checks: Checks, folder: pathlib.Path) -> None:
    """One customer that stays and one that leaves in week 30 of 80."""
    path = folder / "weekly.csv"
    lines = ["customer,metric,date,value"]
    first = outcomes.datetime.date(2010, 1, 4)
    for week in range(80):
        day = first + outcomes.datetime.timedelta(7 * week)
        lines += [f"stays,orders,{day},2", f"leaves,orders,{day},{2 if week < 30 else 0}"]
    path.write_text("\n".join(lines) + "\n")
    orders = outcomes.read_orders(path)
    timely = outcomes.evaluate({"leaves": [33]}, orders)
    checks.equal("outcomes: found in time", (timely.f1, timely.delay_weeks), (1.0, 4.0))
    late = outcomes.evaluate({"leaves": [29 + 13]}, orders)
    checks.equal("outcomes: later is too late", (late.found, late.true_alarms), (0, 1))
    wrong = outcomes.evaluate({"stays": [40, 45]}, orders)
    checks.equal("outcomes: within a quarter one false alarm", wrong.false_alarms, 1)
    checks.equal("outcomes: no alarm, nothing found", outcomes.evaluate({}, orders).f1, 0.0)


def check_ratchet(checks: Checks, folder: pathlib.Path) -> None:
    """Worse fails, better and equal do not, other data are not compared."""
    ratchet = Ratchet(folder / "ratchet.json")
    reached = {"f1": 0.5, "false_alarms": 0.1, "speed": 900.0}
    ratchet.keep("set", "data", figures.DAILY, reached)
    ratchet.write()
    ratchet = Ratchet(folder / "ratchet.json")
    checks.check("ratchet: speed is not kept", "speed" not in ratchet.kept("set", "data"))

    def lost(mark: str = "data", **changes: float) -> int:
        return len(ratchet.lost("set", mark, figures.DAILY, reached | changes))

    checks.equal("ratchet: the same is enough", lost(), 0)
    checks.equal("ratchet: within the tolerance", lost(f1=0.49, false_alarms=0.11), 0)
    checks.equal("ratchet: fewer found", lost(f1=0.48), 1)
    checks.equal("ratchet: more false alarms", lost(false_alarms=0.12), 1)
    checks.equal("ratchet: better", lost(f1=0.6, false_alarms=0.0), 0)
    ratchet.keep("set", "data", figures.DAILY, reached | {"f1": 0.95})
    checks.equal("ratchet: worse, but at the goal", lost(f1=0.88), 0)
    checks.equal("ratchet: worse than the goal", lost(f1=0.86), 1)
    ratchet.keep("set", "data", figures.DAILY, reached)
    checks.equal("ratchet: other data are not compared", lost("other", f1=0.1), 0)
    del reached["f1"]
    checks.equal("ratchet: a figure that is gone", lost(), 1)


def check_histories(checks: Checks, folder: pathlib.Path, program: pathlib.Path) -> None:
    """The same words give the same bytes, and the program and the judge read them."""
    made = []
    for name in ("one", "two"):
        (folder / name).mkdir()
        generate.generate(folder / name, SMALLEST)
        made.append({each.name: each.read_bytes() for each in (folder / name).iterdir()})
    checks.check("history: the same words give the same bytes", made[0] == made[1])
    checks.equal("history: its files", sorted(made[0]), [
        "daily.csv", "hourly.csv", "labels.json", "labels_hourly.json", "meta.json"])
    for granularity in ("day", "hour"):
        found = backtests.measure_synthetic(program, folder / "one", granularity, folder)
        checks.check(f"history: judged by {granularity}", found is not None and found.points > 0)
    labels = json.loads(made[0]["labels.json"])
    checks.equal("history: series are counted", labels["n_series"], 18)


def check_feedback(checks: Checks, folder: pathlib.Path, program: pathlib.Path) -> None:
    """A harmless fall that comes again and again, two of them after a year of dismissals."""
    days = [feedback.datetime.date(2023, 1, 2) + feedback.datetime.timedelta(i) for i in range(500)]
    falls, real = {100, 150, 200, 250, 440, 480}, range(460, 466)
    rhythm = (1, 1.05, 1.02, 1, 0.9, 0.4, 0.35)
    lines = ["customer,metric,date,value"]
    for place, day in enumerate(days):
        usual = 200 * rhythm[place % 7] + place * 37 % 17
        left = 0.3 if place in falls else 0.05 if place in real else 1
        lines.append(f"c1,logins,{day},{usual * left:.0f}")
    (folder / "daily.csv").write_text("\n".join(lines) + "\n")
    event = {
        "series_id": "c1/logins", "type": "drop", "start": str(days[460]), "end": str(days[465]),
        "grace_end": str(days[470]), "difficulty": "easy", "magnitude": 0.05, "detectable": True}
    (folder / "labels.json").write_text(json.dumps({
        "period": "day", "first_day": str(days[0]), "last_day": str(days[-1]), "n_series": 1,
        "events": [event], "benign": []}))
    found = feedback.measure_feedback(program, folder, folder).figures
    checks.check("feedback: what is harmless is raised at first", found["false_before"] >= 1)
    checks.check("feedback: and dismissed", 1 <= found["dismissals"] <= 4)
    checks.equal("feedback: then it is not raised any more", found["removed"], 100.0)
    checks.equal("feedback: what is worse still is", (found["recall"], found["recall_lost"]), (1, 0))
    row = feedback.verdict(judge_files.detection({
        "series_id": "c1/*", "start": "2023-04-12", "end": "2023-04-13", "type": "drop",
        "severity": "info", "score": "1.2", "detected_at": "2023-04-13"}))
    checks.equal("feedback: the verdict comes a day after the alarm", row, (
        "c1/*", "2023-04-12", "2023-04-13", "drop", "dismissed", "2023-04-15"))


def check_habits(checks: Checks, folder: pathlib.Path) -> None:
    """With habits the same customers, but for what they repeat."""
    made = []
    for name, habits in (("plain", "0"), ("often", "100")):
        (folder / name).mkdir()
        generate.generate(folder / name, [*SMALLEST, "--habits", habits])
        made.append(json.loads((folder / name / "labels.json").read_text()))
    plain, often = made
    checks.check("habits: the events are the same", plain["events"] == often["events"])
    repeated = [each for each in often["benign"] if each not in plain["benign"]]
    checks.check("habits: each is labelled as harmless", len(repeated) >= 12, str(len(repeated)))
    checks.check(
        "habits: the values differ",
        (folder / "plain/daily.csv").read_bytes() != (folder / "often/daily.csv").read_bytes())


def main() -> int:
    """Runs all checks."""
    (binaries,) = arguments("BINARIES")
    checks = Checks("check_quality")
    program = pathlib.Path(binaries).resolve() / "tidemark"
    for judge, answers in (("judge", judge_selftest), ("nab", nab_selftest)):
        for name, holds in answers.answers():
            checks.check(f"{judge}: {name}", holds)
    with tempfile.TemporaryDirectory(prefix="tidemark-quality-") as name:
        folder = pathlib.Path(name)
        with checks.section("outcomes"):
            check_outcomes(checks, folder)
        with checks.section("ratchet"):
            check_ratchet(checks, folder)
        with checks.section("histories"):
            check_histories(checks, folder, program)
        with checks.section("habits"):
            check_habits(checks, folder)
        with checks.section("feedback"):
            check_feedback(checks, folder, program)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
