#!/usr/bin/env python3
"""Holds detections against the events that are known to be in a history.

usage: judge.py DETECTIONS LABELS [--series N]
       judge.py --selftest

DETECTIONS is what `tidemark backtest` writes, LABELS a JSON file of events and benign windows.

A detection hits an event when its series fits (the same; `customer/*` on either side; a figure
derived from all of the customer; `*` with `*`) and it was made between the start and the end of
grace. An event counts once: later hits are duplicates, never false alarms. Hits of events that
nobody could detect, alarms within two weeks after an event and alarms of single series within a
platform's outage are neutral. Everything else is a false alarm.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import math
import pathlib
import statistics
import sys

from judge_files import Detection, Event, Labels, read_detections, read_labels

DERIVED = {"events_total", "health_score", "revenue"}
# Which types of a detection are right for a type of event; an absent one takes any.
ACCEPTED = {
    "drop": {"drop", "level_down", "abandonment", "platform_outage"},
    "level_down": {"level_down", "drop", "gradual_decline", "abandonment"},
    "gradual_decline": {"gradual_decline", "level_down"},
    "abandonment": {"abandonment", "level_down", "gradual_decline", "drop"},
    "spike": {"spike", "level_up"},
    "level_up": {"level_up", "spike"},
    "seasonal_change": {"seasonal_change"},
    "plateau": {"plateau"},
    "adoption": {"adoption", "level_up", "spike"},
    "growth_stall": {"growth_stall", "plateau", "gradual_decline"},
    "platform_outage": {"platform_outage", "drop"},
}
SEVERITIES = {"info": 0, "low": 1, "medium": 2, "warning": 2, "high": 3, "critical": 4}
# Events whose magnitude is a ratio, so that severity can be held against it.
GRADED = {"drop", "spike", "level_down", "level_up", "gradual_decline"}


@dataclasses.dataclass
class Verdict:
    """What all detections came to."""

    events: int
    hits: int
    false_alarms: int
    recall: float
    precision: float
    f1: float
    average_precision: float
    false_alarms_per_series_year: float
    delay_median: float
    delay_p90: float
    type_accuracy: float
    alarms_per_hit: float
    severity_correlation: float
    outage_alarms: float
    neutral: int
    alarms: int
    recall_by_type: dict[str, tuple[int, int]]
    recall_by_difficulty: dict[str, tuple[int, int]]
    false_alarms_by_type: dict[str, int]
    false_alarms_on_benign: dict[str, int]

    def recall_of(self, *types: str) -> float:
        """The recall of events of some types together."""
        found = [self.recall_by_type.get(each, (0, 0)) for each in types]
        return sum(hit for hit, _ in found) / max(1, sum(due for _, due in found))


class Tally:
    """Counts detections, earliest first."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.first_hit: dict[int, Detection] = {}
        self.duplicates = self.neutral = self.noise = self.star_hits = 0
        self.by_type: collections.Counter = collections.Counter()
        self.on_benign: collections.Counter = collections.Counter()
        # (score, place of the event hit or None for a false alarm), for average precision.
        self.ranked: list[tuple[float, int | None]] = []
        self.false: list[Detection] = []

    @classmethod
    def of(cls, detections: list[Detection], labels: Labels) -> Tally:
        """All detections counted."""
        tally = cls(labels)
        for detection in sorted(detections, key=lambda each: (each.seconds, each.series)):
            tally.add(detection)
        return tally

    def add(self, detection: Detection) -> None:
        """Counts one detection."""
        hit = self.labels.platform_hit(detection) if detection.series == "*" else None
        if detection.series == "*":
            if hit is None:
                self.add_false_alarm(detection)
            else:
                self.star_hits += 1
                self.add_hit(hit, detection)
            return
        fitting = [i for i in self.labels.of_customer(detection) if
                   fits(detection.series, self.labels.events[i].series)]
        open_now = [i for i in fitting if self.labels.is_open(i, detection.seconds)]
        open_now.sort(key=lambda i: rank(self.labels.events[i], detection))
        detectable = [i for i in open_now if self.labels.events[i].detectable]
        if detectable:
            self.add_hit(detectable[0], detection)
        elif open_now:
            self.neutral += 1
        elif self.labels.is_in_outage(detection.seconds):
            self.noise += 1
        elif self.labels.is_rebound(fitting, detection.seconds):
            self.neutral += 1
        else:
            self.add_false_alarm(detection)

    def add_hit(self, place: int, detection: Detection) -> None:
        """Counts a hit; only the earliest of an event tells its delay, type and severity."""
        self.ranked.append((detection.score, place))
        if place in self.first_hit:
            self.duplicates += 1
        else:
            self.first_hit[place] = detection

    def add_false_alarm(self, detection: Detection) -> None:
        """Counts a false alarm, and what harmless thing it lies on, if any."""
        self.ranked.append((detection.score, None))
        self.false.append(detection)
        self.by_type[detection.type] += 1
        kind = self.labels.benign_kind(detection)
        if kind:
            self.on_benign[kind] += 1


def fits(detected: str, labelled: str) -> bool:
    """Whether a detection's series may speak of an event's."""
    if detected == labelled:
        return True
    customer, _, metric = detected.partition("/")
    if not metric or customer != labelled.partition("/")[0]:
        return False
    return metric == "*" or labelled.endswith("/*") or metric in DERIVED


def rank(event: Event, detection: Detection) -> tuple[bool, bool, float]:
    """Of several open events: the right type first, then the very series, then the latest."""
    return (not is_right_type(event, detection), event.series != detection.series, -event.start)


def is_right_type(event: Event, detection: Detection) -> bool:
    """Whether the detection's type is right for the event."""
    return event.type not in ACCEPTED or detection.type in ACCEPTED[event.type]


def average_precision(ranked: list[tuple[float, int | None]], due: int) -> float:
    """The mean precision at each event that is newly hit, from the highest score down."""
    seen: set[int] = set()
    false = 0
    total = 0.0
    for _, place in sorted(ranked, key=lambda each: -each[0]):
        if place is None:
            false += 1
        elif place not in seen:
            seen.add(place)
            total += len(seen) / (len(seen) + false)
    return total / max(due, 1)


def quantile(values: list[float], share: float) -> float:
    """Linear interpolation between ranks."""
    if not values:
        return math.nan
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def ranks(values: list[float]) -> list[float]:
    """The rank of each value; equal ones share their mean."""
    ordered = sorted(values)
    first: dict[float, int] = {}
    for place, value in enumerate(ordered):
        first.setdefault(value, place)
    count = collections.Counter(values)
    return [first[value] + (count[value] - 1) / 2 for value in values]


def rank_correlation(left: list[float], right: list[float]) -> float:
    """Spearman's; NaN below five pairs, 0 where one side does not vary."""
    if len(left) < 5:
        return math.nan
    if len(set(left)) < 2 or len(set(right)) < 2:
        return 0.0
    return statistics.correlation(ranks(left), ranks(right))


def severity_correlation(hits: list[tuple[Event, Detection]]) -> float:
    """How well severity follows the size of what happened."""
    graded = [(event, found) for event, found in hits if event.type in GRADED]
    sizes = [abs(math.log(max(abs(event.magnitude), 0.02))) for event, _ in graded]
    return rank_correlation([SEVERITIES.get(found.severity, 2) for _, found in graded], sizes)


def recalls(labels: Labels, hit: set[int], key) -> dict[str, tuple[int, int]]:
    """Hit and due events by a key."""
    counts: dict[str, list[int]] = {}
    for place, event in enumerate(labels.events):
        if event.detectable:
            count = counts.setdefault(key(event), [0, 0])
            count[0] += place in hit
            count[1] += 1
    return {name: (count[0], count[1]) for name, count in sorted(counts.items())}


def evaluate(
    detections: list[Detection], labels: Labels, series: int, years: float | None = None
) -> Verdict:
    """Holds detections of so many series over so many years against labels."""
    tally = Tally.of(detections, labels)
    due = sum(event.detectable for event in labels.events)
    hits = [(labels.events[place], found) for place, found in tally.first_hit.items()]
    delays = [(found.seconds - event.start) / labels.bucket_seconds for event, found in hits]
    false = len(tally.false)
    recall = len(hits) / max(due, 1)
    precision = len(hits) / (len(hits) + false) if hits or false else 0.0
    outages = sum(event.series == "*" for event in labels.events)
    years = labels.years if years is None else years
    return Verdict(
        events=due, hits=len(hits), false_alarms=false, recall=recall, precision=precision,
        f1=2 * recall * precision / (recall + precision) if hits else 0.0,
        average_precision=average_precision(tally.ranked, due),
        false_alarms_per_series_year=false / max(series * years, 1e-9),
        delay_median=quantile(delays, 0.5), delay_p90=quantile(delays, 0.9),
        type_accuracy=sum(is_right_type(*hit) for hit in hits) / max(len(hits), 1),
        alarms_per_hit=(len(hits) + tally.duplicates) / max(len(hits), 1),
        severity_correlation=severity_correlation(hits),
        outage_alarms=(tally.star_hits + tally.noise) / outages if outages else math.nan,
        neutral=tally.neutral, alarms=len(detections),
        recall_by_type=recalls(labels, set(tally.first_hit), lambda event: event.type),
        recall_by_difficulty=recalls(labels, set(tally.first_hit), lambda event: event.difficulty),
        false_alarms_by_type=dict(tally.by_type), false_alarms_on_benign=dict(tally.on_benign))


def main() -> int:
    """Judges one file, or the judge."""
    words = sys.argv[1:]
    if words[:1] == ["--selftest"]:
        import judge_selftest

        return judge_selftest.main()
    if len(words) not in (2, 4) or (len(words) == 4 and words[2] != "--series"):
        sys.exit(__doc__)
    text = json.loads(pathlib.Path(words[1]).read_text(encoding="utf-8"))
    series = int(words[3]) if len(words) == 4 else text.get("n_series") or 1
    verdict = evaluate(
        read_detections(pathlib.Path(words[0])), read_labels(text), series,
        text["series_years"] / series if "series_years" in text else None)
    for name, value in dataclasses.asdict(verdict).items():
        print(f"{name:30s} {value:.4f}" if isinstance(value, float) else f"{name:30s} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
