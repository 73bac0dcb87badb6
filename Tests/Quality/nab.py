#!/usr/bin/env python3
"""Scores alarms in streams by the formula of the Numenta Anomaly Benchmark, standard profile.

usage: nab.py DETECTIONS FOLDER
       nab.py --selftest

DETECTIONS is what `tidemark backtest --granularity 5min` writes of the points that `write_points`
makes of FOLDER, which holds `real/nab_*.csv` with the columns timestamp, value and label.

Rows labelled 1 in a row are a window. Its earliest alarm earns 1 at its first row, falling along a
sigmoid to 0 behind its last; a window without one costs 1. An alarm outside costs up to 0.11, less
just behind a window. The first 15 % of the rows, at most 750, do not count. 0 is what silence
gets, 100 what one alarm on the first row of every window gets, over all files together.

The benchmark moves one threshold over all files to where the score is best and gives that. Here the
alarms are those that people would have got, at the threshold that ships.
"""

from __future__ import annotations

import bisect
import csv
import dataclasses
import datetime
import math
import pathlib
import sys

from judge_files import Detection, read_detections, unix_seconds

METRIC = "value"
BUCKET_SECONDS = 300
WEEK_SECONDS = 7 * 86_400
# Weights of the standard profile.
TRUE_POSITIVE = 1.0
FALSE_POSITIVE = 0.11
FALSE_NEGATIVE = 1.0
PROBATION_SHARE = 0.15
PROBATION_ROWS_MAX = 5000
# So many widths behind a window an alarm has nothing to do with it any more.
FAR_WIDTHS = 3.0


@dataclasses.dataclass(frozen=True)
class Stream:
    """One labelled file."""

    name: str
    seconds: list[float]
    values: list[str]
    # First and last row of each window, by rising row.
    windows: list[tuple[int, int]]

    @property
    def probation(self) -> int:
        """How many rows at the beginning do not count."""
        return math.floor(min(len(self.seconds), PROBATION_ROWS_MAX) * PROBATION_SHARE)

    @property
    def moved(self) -> float:
        """Seconds by which its points are moved back, into the first week of 1970.

        The streams are of different years: side by side they are walked over in weeks. Whole weeks
        leave them the hours of the day and the days of the week.
        """
        return self.seconds[0] // WEEK_SECONDS * WEEK_SECONDS

    def row(self, detection: Detection) -> int:
        """The row at which an alarm was raised: the last one of its bucket."""
        end = detection.seconds + self.moved + BUCKET_SECONDS
        return bisect.bisect_left(self.seconds, end) - 1


@dataclasses.dataclass
class Score:
    """What the alarms of some streams come to."""

    raw: float = 0.0
    windows: int = 0
    hits: int = 0
    false_alarms: int = 0
    rows: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(
            getattr(self, field.name) + getattr(other, field.name)
            for field in dataclasses.fields(self)))

    @property
    def normalised(self) -> float:
        """The score with silence at 0 and the perfect detector at 100; NaN without windows."""
        worst, best = -FALSE_NEGATIVE * self.windows, TRUE_POSITIVE * self.windows
        return 100 * (self.raw - worst) / (best - worst) if self.windows else math.nan


def sigmoid(position: float) -> float:
    """What an alarm is worth in widths from a window's end: before it above 0, behind it below."""
    return -1.0 if position >= FAR_WIDTHS else 2 / (1 + math.exp(5 * position)) - 1


def score(stream: Stream, rows: list[int]) -> Score:
    """Scores the alarms at some rows of a stream."""
    windows = [each for each in stream.windows if each[1] >= stream.probation]
    found = Score(windows=len(windows), rows=len(stream.seconds))
    earned = [-FALSE_NEGATIVE] * len(windows)
    for row in rows:
        if row < stream.probation:
            continue
        inside = next((i for i, (first, last) in enumerate(windows) if first <= row <= last), None)
        if inside is None:
            found.false_alarms += 1
            found.raw += FALSE_POSITIVE * sigmoid(behind(stream.windows, row))
        else:
            first, last = windows[inside]
            worth = sigmoid(-(last - row + 1) / (last - first + 1)) / sigmoid(-1.0)
            earned[inside] = max(earned[inside], TRUE_POSITIVE * worth)
    found.hits = sum(each >= 0 for each in earned)
    found.raw += sum(earned)
    return found


def behind(windows: list[tuple[int, int]], row: int) -> float:
    """How many widths a row lies behind the last window before it."""
    before = [each for each in windows if each[1] < row]
    if not before:
        return FAR_WIDTHS
    first, last = before[-1]
    return (row - last) / max(last - first, 1)


def evaluate(detections: list[Detection], streams: list[Stream]) -> dict[str, Score]:
    """The score of each stream."""
    alarms: dict[str, list[Detection]] = {}
    for detection in detections:
        alarms.setdefault(detection.customer, []).append(detection)
    return {
        stream.name: score(stream, [stream.row(each) for each in alarms.get(stream.name, [])])
        for stream in streams
    }


def total(scores: dict[str, Score]) -> Score:
    """The score of all streams together."""
    return sum(scores.values(), Score())


def read_streams(folder: pathlib.Path) -> list[Stream]:
    """The labelled files of a folder that holds `real`."""
    return [read_stream(path) for path in sorted((folder / "real").glob("nab_*.csv"))]


def read_stream(path: pathlib.Path) -> Stream:
    """One labelled file."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["value"]]
    windows: list[tuple[int, int]] = []
    for place, row in enumerate(rows):
        if row["label"] != "1":
            continue
        if windows and windows[-1][1] == place - 1:
            windows[-1] = (windows[-1][0], place)
        else:
            windows.append((place, place))
    return Stream(
        path.stem,
        [unix_seconds(row["timestamp"]) for row in rows], [row["value"] for row in rows], windows)


def write_points(streams: list[Stream], path: pathlib.Path) -> None:
    """Writes the file that a backtest reads."""
    with path.open("w", encoding="utf-8") as file:
        file.write("customer,metric,timestamp,value\n")
        for stream in streams:
            for seconds, value in zip(stream.seconds, stream.values):
                moment = datetime.datetime.fromtimestamp(
                    seconds - stream.moved, datetime.timezone.utc)
                file.write(f"{stream.name},{METRIC},{moment:%Y-%m-%dT%H:%M:%S},{value}\n")


def print_scores(scores: dict[str, Score]) -> None:
    """Prints a line a stream and one for all."""
    print(f"{'':54s} {'raw':>7s} {'hits':>6s} {'false':>6s}")
    for name, found in [*scores.items(), ("all", total(scores))]:
        hits = f"{found.hits}/{found.windows}"
        print(f"{name:54s} {found.raw:7.2f} {hits:>6s} {found.false_alarms:6d}")
    print(f"normalised {total(scores).normalised:.2f}")


def main() -> int:
    """Scores one file, or the scorer."""
    words = sys.argv[1:]
    if words == ["--selftest"]:
        import nab_selftest

        return nab_selftest.main()
    if len(words) != 2:
        sys.exit(__doc__)
    streams = read_streams(pathlib.Path(words[1]))
    if not streams:
        sys.exit(f"nab: {words[1]}: there is no real/nab_*.csv")
    print_scores(evaluate(read_detections(pathlib.Path(words[0])), streams))
    return 0


if __name__ == "__main__":
    sys.exit(main())
