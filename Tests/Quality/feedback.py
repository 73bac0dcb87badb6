"""What a year of dismissals changes: false alarms and recall, with them and without.

A careful person is played: each false alarm of the first year, by the judge's own matching, is
dismissed one day after it was raised, and no other. Since a dismissal keeps later alarms from being
raised, which then cannot be dismissed, the history is replayed until the dismissals are those of
the very alarms that it raises; what was raised before a dismissal does not depend on it, so each
round settles a later day for good. Then nobody says anything any more, and what is raised after the
year is held against the same history without any dismissal.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json
import math
import pathlib

import judge
import judge_files
from backtests import Measured, Replay, replay
from judge_files import SECONDS_PER_DAY, Detection, Labels

# Before that a series is learning, and little is raised that could be dismissed.
LEARNING_DAYS = 56
YEAR_DAYS = 365
# A day is over when it is judged, and the verdict comes a day later.
VERDICT_DAYS = 2
ROUNDS_MAX = 40


@dataclasses.dataclass
class Outcome:
    """The alarms of one replay, told apart by the judge."""

    run: Replay
    false_alarms: list[Detection]
    # Places of the events that were found.
    hits: set[int]

    def false_between(self, start: float, end: float = math.inf) -> list[Detection]:
        """The false alarms of a time."""
        return [each for each in self.false_alarms if start <= each.seconds < end]


class Person:
    """Dismisses false alarms."""

    def __init__(
        self, program: pathlib.Path, points: pathlib.Path, customers: pathlib.Path,
        labels: Labels, scratch: pathlib.Path,
    ) -> None:
        self.program = program
        self.points = points
        self.customers = customers
        self.labels = labels
        self.scratch = scratch

    def replay(self, verdicts: list[tuple[str, ...]]) -> Outcome:
        """The history with these verdicts."""
        path = None
        if verdicts:
            path = self.scratch / "verdicts.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(("series_id", "start", "end", "type", "verdict", "given_at"))
                writer.writerows(verdicts)
        run = replay(
            self.program, self.points, "day", self.scratch, self.customers, verdicts=path)
        tally = judge.Tally.of(judge_files.read_detections(run.detections), self.labels)
        return Outcome(run, tally.false, set(tally.first_hit))

    def dismiss(self, plain: Outcome, start: float, end: float) -> tuple[Outcome, int]:
        """The history with the false alarms of a time dismissed, and how many these are."""
        outcome, verdicts = plain, []
        for _ in range(ROUNDS_MAX):
            wanted = [verdict(each) for each in outcome.false_between(start, end)]
            if wanted == verdicts:
                return outcome, len(verdicts)
            verdicts = wanted
            outcome = self.replay(verdicts)
        raise RuntimeError(f"{self.points}: {ROUNDS_MAX} rounds do not settle the dismissals")


def verdict(alarm: Detection) -> tuple[str, ...]:
    """The row by which an alarm is dismissed."""
    given = datetime.datetime.fromtimestamp(alarm.seconds, datetime.timezone.utc)
    given += datetime.timedelta(VERDICT_DAYS)
    return (
        alarm.series, alarm.start, alarm.end, alarm.type, "dismissed", given.date().isoformat())


def measure_feedback(
    program: pathlib.Path, folder: pathlib.Path, scratch: pathlib.Path
) -> Measured | None:
    """What the dismissals of the first year change in a daily history with labels."""
    points, labels = folder / "daily.csv", folder / "labels.json"
    if not points.exists() or not labels.exists():
        return None
    content = json.loads(labels.read_text(encoding="utf-8"))
    known = judge_files.read_labels(content)
    begin = judge_files.unix_seconds(content["first_day"]) + LEARNING_DAYS * SECONDS_PER_DAY
    end = begin + YEAR_DAYS * SECONDS_PER_DAY
    person = Person(program, points, folder / "meta.json", known, scratch)
    plain = person.replay([])
    taught, dismissals = person.dismiss(plain, begin, end)
    later = {
        place for place, event in enumerate(known.events)
        if event.detectable and event.start >= end
    }
    before, after = len(plain.false_between(end)), len(taught.false_between(end))
    recalls = [len(each.hits & later) / max(1, len(later)) for each in (plain, taught)]
    whole = len(plain.false_between(begin)), len(taught.false_between(begin))
    return plain.run.measured({
        "removed": 100 * (1 - after / before) if before else math.nan,
        "recall_lost": 100 * (recalls[0] - recalls[1]) if later else math.nan,
        "dismissals": dismissals, "false_before": before, "false_after": after,
        "events": len(later), "recall": recalls[0],
        "removed_meanwhile": 100 * (1 - whole[1] / whole[0]) if whole[0] else math.nan,
    })
