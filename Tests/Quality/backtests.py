"""Runs `tidemark backtest` on a data set and judges what it found."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import pathlib
import re
import subprocess

import judge
import judge_files
import nab
import outcomes
import untouched


@dataclasses.dataclass
class Measured:
    """The figures of one data set."""

    mark: str
    series: int
    points: int
    figures: dict[str, float]


@dataclasses.dataclass
class Replay:
    """One run of the program."""

    detections: pathlib.Path
    mark: str
    series: int
    points: int
    speed: float

    def measured(self, found: dict[str, float]) -> Measured:
        """The figures with those of the run itself; what is no number was not measured."""
        found = {key: value for key, value in found.items() if not math.isnan(value)}
        return Measured(self.mark, self.series, self.points, found | {"speed": self.speed})


def replay(
    program: pathlib.Path, points: pathlib.Path, granularity: str, scratch: pathlib.Path,
    customers: pathlib.Path | None = None, metrics: pathlib.Path | None = None,
    verdicts: pathlib.Path | None = None,
) -> Replay:
    """Replays a file of points; a failure of the program is raised in its own words."""
    out = scratch / f"{points.parent.name}-{points.stem}-detections.csv"
    command = [program, "backtest", "--points", points, "--granularity", granularity, "--out", out]
    # A threshold that people set is right whenever it is passed: labels know nothing of it.
    command += ["--rules", "none"]
    for flag, path in (
        ("--customers", customers), ("--metrics", metrics), ("--verdicts", verdicts),
    ):
        if path is not None and path.exists():
            command += [flag, path]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"backtest of {points}: {done.stderr.strip()}")
    counts = re.search(r"^([\d,]+) series, ([\d,]+) points", done.stdout, re.MULTILINE)
    speed = re.search(r": ([\d,]+) series of 400 points", done.stdout)
    if counts is None or speed is None:
        raise RuntimeError(f"backtest of {points} said {done.stdout!r}")
    series, count, rate = (int(each.replace(",", "")) for each in (*counts.groups(), speed[1]))
    mark = hashlib.sha256(points.read_bytes()).hexdigest()[:16]
    return Replay(out, mark, series, count, rate)


def measure_synthetic(
    program: pathlib.Path, folder: pathlib.Path, granularity: str, scratch: pathlib.Path
) -> Measured | None:
    """The figures of a folder with points and labels by day or by hour."""
    is_hourly = granularity == "hour"
    points = folder / ("hourly.csv" if is_hourly else "daily.csv")
    labels = folder / ("labels_hourly.json" if is_hourly else "labels.json")
    if not points.exists() or not labels.exists():
        return None
    run = replay(program, points, granularity, scratch, folder / "meta.json")
    content = json.loads(labels.read_text(encoding="utf-8"))
    found = judge.evaluate(
        judge_files.read_detections(run.detections), judge_files.read_labels(content),
        content.get("n_series") or run.series)
    return run.measured(named(found))


def named(verdict: judge.Verdict) -> dict[str, float]:
    """The judge's figures by the keys of the tables."""
    found = {
        "f1": verdict.f1, "precision": verdict.precision, "recall": verdict.recall,
        "false_alarms": verdict.false_alarms_per_series_year,
        "delay_hours": verdict.delay_median, "type_accuracy": verdict.type_accuracy,
        "alarms_per_hit": verdict.alarms_per_hit,
        "severity_correlation": verdict.severity_correlation,
        "outage_alarms": verdict.outage_alarms,
    }
    for key, types in (
        ("recall_abandonment_adoption", ("abandonment", "adoption")),
        ("recall_decline", ("gradual_decline",)), ("recall_level_down", ("level_down",)),
        ("recall_spike_drop", ("spike", "drop")), ("outage_found", ("platform_outage",)),
    ):
        found[key] = verdict.recall_of(*types)
    return found


def measure_untouched(
    program: pathlib.Path, folder: pathlib.Path, scratch: pathlib.Path
) -> Measured | None:
    """The alarms on real series outside of their disturbed days."""
    real = untouched.read_untouched(folder)
    if real is None:
        return None
    points = scratch / "untouched.csv"
    real.write_points(points)
    run = replay(program, points, "day", scratch)
    found = judge.evaluate(
        judge_files.read_detections(run.detections), judge_files.read_labels(real.labels), 1,
        real.years)
    return run.measured({"false_alarms": found.false_alarms_per_series_year})


def measure_outcomes(
    program: pathlib.Path, folder: pathlib.Path, scratch: pathlib.Path
) -> Measured | None:
    """The alarms about real customers against what these did next."""
    points = folder / "weekly.csv"
    if not points.exists():
        return None
    run = replay(program, points, "week", scratch, folder / "customers.csv")
    orders = outcomes.read_orders(points)
    found = outcomes.evaluate(outcomes.read_alarms(run.detections, orders), orders)
    return run.measured({
        "f1": found.f1, "precision": found.precision, "recall": found.recall,
        "false_alarms": found.false_alarms_per_customer_year,
    })


def measure_streams(
    program: pathlib.Path, folder: pathlib.Path, scratch: pathlib.Path
) -> Measured | None:
    """The score of streams of 5 minutes, at the threshold that ships."""
    streams = nab.read_streams(folder)
    if not streams:
        return None
    points = scratch / "streams.csv"
    nab.write_points(streams, points)
    run = replay(program, points, "5min", scratch)
    found = nab.total(nab.evaluate(judge_files.read_detections(run.detections), streams))
    return run.measured({
        "normalised": found.normalised, "recall": found.hits / max(found.windows, 1),
        "false_alarms": 1_000 * found.false_alarms / max(found.rows, 1),
    })
