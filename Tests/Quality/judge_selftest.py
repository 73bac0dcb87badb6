"""The judge judged: answers that are known beforehand."""

from __future__ import annotations

import datetime
import math

from judge import Verdict, evaluate
from judge_files import detection, read_labels

LABELS = {
    "period": "day", "first_day": "2024-01-01", "last_day": "2024-12-31",
    "benign": [
        {"series_id": "c2/*", "kind": "holiday", "start": "2024-05-01", "end": "2024-05-01"}],
    "events": [
        {"series_id": "c1/a", "type": "drop", "start": "2024-03-01", "end": "2024-03-03",
         "grace_end": "2024-03-08", "detectable": True, "difficulty": "easy"},
        {"series_id": "c2/*", "type": "level_down", "start": "2024-06-01", "end": "2024-06-28",
         "grace_end": "2024-07-05", "detectable": True, "difficulty": "hard"},
        {"series_id": "*", "type": "platform_outage", "start": "2024-09-03", "end": "2024-09-03",
         "grace_end": "2024-09-06", "detectable": True, "difficulty": "easy"},
        {"series_id": "c3/a", "type": "spike", "start": "2024-04-01", "end": "2024-04-01",
         "grace_end": "2024-04-05", "detectable": False, "difficulty": "hard"},
    ],
}
PERFECT = [
    ("c1/a", "2024-03-01", "drop"), ("c2/x", "2024-06-03", "level_down"),
    ("*", "2024-09-03", "platform_outage"),
]


def judged(*rows: tuple) -> Verdict:
    """The verdict on rows of series, day and, if it matters, type and score."""
    found = []
    for series, day, *rest in rows:
        kind, score = (*rest, *("drop", 1)[len(rest):])
        found.append(detection({
            "series_id": series, "start": day, "end": day, "type": kind, "severity": "high",
            "score": score, "detected_at": day}))
    return evaluate(found, read_labels(LABELS), 3)


def every_day() -> list[tuple]:
    """An alarm for each of three series on each day."""
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(i) for i in range(366)]
    return [(series, str(day)) for series in ("c1/a", "c2/x", "c3/a") for day in days]


def answers() -> list[tuple[str, bool]]:
    """What is to hold, and whether it does."""
    perfect, nothing, flood = judged(*PERFECT), judged(), judged(*every_day())
    early, other = judged(("c1/a", "2024-02-28")), judged(("c1/b", "2024-03-01"))
    derived = judged(("c1/events_total", "2024-03-02"))
    hidden = judged(("c3/a", "2024-04-02"))
    outage = judged(("c1/a", "2024-09-03"), ("c9/a", "2024-09-04"))
    after = judged(("c1/a", "2024-03-12"))
    thrice = judged(*PERFECT, ("c1/a", "2024-03-02"), ("c1/a", "2024-03-02"))
    holiday = judged(*PERFECT, ("c2/x", "2024-05-01", "drop", 9))
    turned = judged(*PERFECT[::-1])
    return [
        ("all hit and nothing else is perfect",
         (perfect.recall, perfect.precision, perfect.f1, perfect.average_precision,
          perfect.type_accuracy, perfect.false_alarms) == (1, 1, 1, 1, 1, 0)),
        ("no alarm hits nothing and is wrong about nothing",
         (nothing.recall, nothing.f1, nothing.false_alarms, nothing.average_precision) ==
         (0, 0, 0, 0)),
        ("an alarm a day hits all and is worth nothing",
         flood.recall >= 2 / 3 and flood.precision < 0.01),
        ("an alarm before the event is false", (early.hits, early.false_alarms) == (0, 1)),
        ("another metric of the customer is another matter",
         (other.hits, other.false_alarms) == (0, 1)),
        ("a derived figure speaks for its customer", derived.hits == 1),
        ("what nobody could see is neutral",
         (hidden.hits, hidden.false_alarms, hidden.events) == (0, 0, 3)),
        ("single alarms in an outage are noise, not false",
         (outage.hits, outage.false_alarms, outage.outage_alarms) == (0, 0, 2)),
        ("the swing back is neutral", (after.hits, after.false_alarms, after.neutral) == (0, 0, 1)),
        ("repeats cost no precision",
         thrice.precision == 1 and math.isclose(thrice.alarms_per_hit, 5 / 3)),
        ("a false alarm on a holiday is told as one",
         holiday.false_alarms_on_benign == {"holiday": 1} and holiday.average_precision < 0.8),
        ("the order of rows does not matter", repr(turned) == repr(perfect)),
    ]


def main() -> int:
    """Prints what does not hold."""
    found = answers()
    wrong = [name for name, holds in found if not holds]
    for name in wrong:
        print(f"judge: FAILED {name}")
    print(f"judge: {len(found) - len(wrong)} of {len(found)} checks passed")
    return 1 if wrong else 0
