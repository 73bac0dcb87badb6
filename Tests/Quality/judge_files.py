"""What the judge reads: detections and labels."""

from __future__ import annotations

import collections
import csv
import dataclasses
import datetime
import json
import pathlib

SECONDS_PER_DAY = 86_400.0
# Buckets after the end of grace in which a series may still swing back.
REBOUND_BUCKETS = {"hour": 72}
REBOUND_BUCKETS_OTHER = 14


def unix_seconds(text: str) -> float:
    """The instant of a date, or of a date and a time in UTC."""
    text = text.replace("Z", "")
    moment = datetime.datetime.fromisoformat(text if len(text) > 10 else f"{text}T00:00:00")
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp()


@dataclasses.dataclass(frozen=True)
class Detection:
    """One row of a backtest."""

    series: str
    type: str
    severity: str
    score: float
    # When it was raised, and the first and the last bucket that it speaks of.
    seconds: float
    start: str
    end: str

    @property
    def customer(self) -> str:
        """Whose series it is."""
        return self.series.partition("/")[0]


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that is known to be in the history."""

    series: str
    type: str
    difficulty: str
    start: float
    grace_end: float
    magnitude: float
    detectable: bool


@dataclasses.dataclass(frozen=True)
class Benign:
    """A window in which something harmless happens."""

    series: str
    kind: str
    start: float
    end: float


class Labels:
    """What is known to be in a history, and what only looks so."""

    def __init__(
        self, events: list[Event], benign: list[Benign], bucket_seconds: float,
        rebound_buckets: int, years: float,
    ) -> None:
        self.events = events
        self.bucket_seconds = bucket_seconds
        self.rebound_seconds = rebound_buckets * bucket_seconds
        self.years = years
        self.platform = [i for i, event in enumerate(events) if event.series == "*"]
        self.by_customer: dict[str, list[int]] = collections.defaultdict(list)
        for place, event in enumerate(events):
            if event.series != "*":
                self.by_customer[event.series.partition("/")[0]].append(place)
        self.benign: dict[str, list[Benign]] = collections.defaultdict(list)
        for window in benign:
            self.benign[window.series.partition("/")[0]].append(window)

    def of_customer(self, detection: Detection) -> list[int]:
        """The events of a detection's customer."""
        return self.by_customer.get(detection.customer, [])

    def is_open(self, place: int, seconds: float) -> bool:
        """Whether an event or its grace lasts at that moment."""
        event = self.events[place]
        return event.start <= seconds <= event.grace_end + self.bucket_seconds * 0.999

    def platform_hit(self, detection: Detection) -> int | None:
        """The outage of the platform that lasts at a detection."""
        return next((i for i in self.platform if self.is_open(i, detection.seconds)), None)

    def is_in_outage(self, seconds: float) -> bool:
        """Whether the platform was down, or a few buckets ago."""
        bucket = self.bucket_seconds
        return any(
            self.events[i].start - bucket * 0.01 <= seconds <= self.events[i].grace_end + bucket * 3
            for i in self.platform)

    def is_rebound(self, places: list[int], seconds: float) -> bool:
        """Whether one of the events has just ended."""
        return any(
            self.events[i].grace_end < seconds <= self.events[i].grace_end + self.rebound_seconds
            for i in places)

    def benign_kind(self, detection: Detection) -> str | None:
        """The kind of the harmless window that a detection lies in."""
        for window in self.benign.get(detection.customer, []):
            is_whole = window.series.endswith("/*") or detection.series.endswith("/*")
            inside = (window.start - self.bucket_seconds <= detection.seconds
                      <= window.end + self.bucket_seconds * 1.99)
            if inside and (is_whole or window.series == detection.series):
                return window.kind
        return None


def read_labels(content: dict) -> Labels:
    """Labels from the content of their file."""
    period = content.get("period", "day")
    bucket = SECONDS_PER_DAY if period == "day" else float(content.get("bucket_s", 3_600))
    events = [
        Event(
            series=each["series_id"], type=each["type"], difficulty=each.get("difficulty", "?"),
            start=unix_seconds(each["start"]), grace_end=unix_seconds(each["grace_end"]),
            magnitude=float(each.get("magnitude", 1)), detectable=bool(each["detectable"]))
        for each in content["events"]
    ]
    # Growth lasts for the whole history and would explain everything.
    benign = [
        Benign(each["series_id"], each["kind"], unix_seconds(each["start"]),
               unix_seconds(each["end"]))
        for each in content.get("benign", []) if each["kind"] != "growth"
    ]
    seconds = unix_seconds(content["last_day"]) - unix_seconds(content["first_day"])
    return Labels(
        events, benign, bucket, REBOUND_BUCKETS.get(period, REBOUND_BUCKETS_OTHER),
        seconds / SECONDS_PER_DAY / 365.25)


def read_detections(path: pathlib.Path) -> list[Detection]:
    """The rows of a file of detections, CSV or JSON."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = json.load(file) if path.suffix == ".json" else list(csv.DictReader(file))
    return [detection(row) for row in rows]


def detection(row: dict) -> Detection:
    """One row of a file of detections."""
    return Detection(
        series=row["series_id"], type=row.get("type", "?"), severity=str(row.get("severity")),
        score=float(row.get("score") or 0), seconds=unix_seconds(row["detected_at"]),
        start=row.get("start", ""), end=row.get("end", ""))
