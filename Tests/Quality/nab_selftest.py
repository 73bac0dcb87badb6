"""The scorer of streams judged: answers that are worked out by hand."""

from __future__ import annotations

import dataclasses
import math

from judge_files import detection
from nab import BUCKET_SECONDS, WEEK_SECONDS, Score, Stream, evaluate, score, sigmoid, total

# 100 rows of 5 minutes: the first 15 do not count, one window of 10 rows and one of 5.
STREAM = Stream(
    "s", [float(BUCKET_SECONDS * row) for row in range(100)], ["0"] * 100, [(40, 49), (60, 64)])
QUIET = Stream("q", STREAM.seconds, STREAM.values, [])
EDGE = math.tanh(2.5)  # 2 / (1 + e^-5) - 1


def points(*rows: int) -> float:
    """The normalised score of alarms at some rows."""
    return score(STREAM, list(rows)).normalised


def is_near(left: float, right: float) -> bool:
    """Whether two scores are the same but for rounding."""
    return math.isclose(left, right, abs_tol=1e-9)


def found_at(moment: str) -> Score:
    """The score of an alarm at a moment of 1970's first day, the same for a stream of later."""
    alarm = detection({
        "series_id": "s/value", "start": moment, "end": moment, "type": "spike",
        "severity": "info", "score": 1, "detected_at": moment})
    weeks = dataclasses.replace(
        STREAM, seconds=[each + 2_300 * WEEK_SECONDS for each in STREAM.seconds])
    first, later = (evaluate([alarm], [stream])["s"] for stream in (STREAM, weeks))
    return first if first == later else Score()


def answers() -> list[tuple[str, bool]]:
    """What is to hold, and whether it does."""
    both = {"s": score(STREAM, [40, 60, 20]), "q": score(QUIET, [50])}
    hundred = Stream("h", [float(row) for row in range(6_000)], [""] * 6_000, [])
    return [
        ("silence is worth nothing", is_near(points(), 0)),
        ("an alarm on the first row of every window is perfect", is_near(points(40, 60), 100)),
        ("one of two windows is half", is_near(points(40), 50)),
        ("only the earliest alarm of a window counts", is_near(points(49, 44, 40, 41), 50)),
        # Row 45 is (49 - 45 + 1) / 10 = half a width before the end: tanh(1.25) / tanh(2.5).
        ("the middle of a window is worth what the sigmoid says",
         is_near(points(45), 25 * (1 + math.tanh(1.25) / EDGE))),
        ("an alarm before any window costs its whole weight",
         is_near(points(20), 100 * -0.11 / 4)),
        # Row 58 is 9 rows behind a window whose rows span 9: one width.
        ("an alarm one width behind a window costs a little less",
         is_near(points(58), 100 * 0.11 * -EDGE / 4)),
        ("an alarm three widths behind a window costs its whole weight",
         is_near(points(76), 100 * -0.11 / 4) and not is_near(points(75), 100 * -0.11 / 4)),
        ("each false alarm costs", is_near(points(20, 21, 22), 3 * points(20))),
        ("the first 15 % do not count", is_near(points(0, 14), 0) and points(15) < 0),
        ("probation ends with row 750", hundred.probation == 750),
        ("files count together, not each for itself",
         is_near(total(both).normalised, 100 * (4 - 2 * 0.11) / 4)),
        ("a bucket's alarm stands at its row", is_near(found_at("1970-01-01T03:20").raw, 0)),
        ("an alarm before the first row is none", found_at("1969-12-31T00:00").false_alarms == 0),
        ("the sigmoid is odd and ends at three widths",
         is_near(sigmoid(-0.3), -sigmoid(0.3)) and sigmoid(3.0) == -1),
    ]


def main() -> int:
    """Prints what does not hold."""
    found = answers()
    wrong = [name for name, holds in found if not holds]
    for name in wrong:
        print(f"nab: FAILED {name}")
    print(f"nab: {len(found) - len(wrong)} of {len(found)} checks passed")
    return 1 if wrong else 0
