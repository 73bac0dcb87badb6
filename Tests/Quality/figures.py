"""The figures by which detection quality is judged: what must be reached, what we want."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure of a data set."""

    key: str
    text: str
    must: float | None
    goal: float | None
    is_higher_better: bool = True
    decimals: int = 3
    # Speed is the machine's as much as ours: it is shown, and held against nothing.
    is_of_machine: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether it may not become worse; what has no goal only explains the others."""
        return self.must is not None and not self.is_of_machine

    def is_worse(self, value: float, than: float, tolerance: float = 0.0) -> bool:
        """Whether a value is worse by more than the tolerance: as it is, above 1 as a share."""
        slack = tolerance * max(1.0, abs(than)) + 1e-9
        return value < than - slack if self.is_higher_better else value > than + slack

    def standing(self, value: float) -> str:
        """Where a value stands."""
        if self.goal is not None and not self.is_worse(value, self.goal):
            return "goal"
        if self.must is not None and not self.is_worse(value, self.must):
            return "must"
        return "" if self.must is None else "below"


SPEED = Figure(
    "speed", "series of 400 points per second and core", 3_000, 10_000, decimals=0,
    is_of_machine=True)

DAILY = (
    Figure("f1", "F1", 0.80, 0.87),
    Figure("false_alarms", "false alarms per series-year", 0.02, 0.008, False),
    Figure("precision", "precision", None, None),
    Figure("recall", "recall", None, None),
    Figure("recall_abandonment_adoption", "recall: abandonment, adoption", 0.90, 0.97),
    Figure("recall_decline", "recall: gradual decline", 0.60, 0.80),
    Figure("recall_level_down", "recall: level down", 0.75, 0.88),
    Figure("recall_spike_drop", "recall: spike, drop", 0.60, 0.75),
    Figure("type_accuracy", "type accuracy", 0.90, 0.95),
    Figure("alarms_per_hit", "alarms per hit", 2.2, 1.3, False, 2),
    Figure("severity_correlation", "rank correlation of severity with size", 0.6, 0.8),
    Figure("outage_alarms", "alarms that a platform outage raises", 6, 1, False, 1),
    Figure("outage_found", "platform outages found as one", 1, 1),
    SPEED,
)
HOURLY = (
    Figure("f1", "F1", 0.88, 0.95),
    Figure("delay_hours", "median delay in hours", 2, 1, False, 1),
    Figure("false_alarms", "false alarms per series-year", None, None, False),
    Figure("precision", "precision", None, None),
    Figure("recall", "recall", None, None),
    SPEED,
)
HALF_REAL = (
    Figure("f1", "F1", 0.78, 0.88),
    Figure("precision", "precision", 0.95, 0.97),
    Figure("recall", "recall", None, None),
    Figure("false_alarms", "false alarms per series-year", None, None, False),
    SPEED,
)
UNTOUCHED = (
    Figure("false_alarms", "alarms per series-year outside disturbed days", 0.05, 0.02, False),
    SPEED,
)
OUTCOMES = (
    Figure("f1", "F1", 0.60, 0.70),
    Figure("false_alarms", "false alarms per customer-year", 0.60, 0.30, False),
    Figure("precision", "precision", None, None),
    Figure("recall", "recall of leavers, in time", None, None),
    SPEED,
)
STREAMS = (
    Figure("normalised", "NAB score, standard profile, threshold as shipped", 64, 75, True, 1),
    Figure("recall", "windows found", None, None),
    Figure("false_alarms", "false alarms per 1,000 values", None, None, False),
    # Walking by the bucket through few series costs more than judging them: it has no goal here.
    Figure("speed", "series of 400 points per second and core", None, None, decimals=0),
)

AIRLINES = (
    Figure("blizzard", "blizzard of day 39 as one platform event", 1, 1, decimals=0),
    Figure("plateaus", "plateau alarms on scheduled counts", 2, 0, False, 0),
    Figure("blizzard_alone", "alarms beside the event on its days", None, None, False, 0),
    Figure("alarms", "alarms in the year", None, None, False, 0),
    SPEED,
)
FEEDBACK = (
    Figure("removed", "false alarms removed, in per cent", 50, 65, decimals=1),
    Figure("recall_lost", "recall lost, in points", 10, 5, False, 1),
    Figure("dismissals", "dismissals in the year", None, None, False, 0),
    Figure("false_before", "false alarms after it, without dismissals", None, None, False, 0),
    Figure("false_after", "false alarms after it, with them", None, None, False, 0),
    Figure("removed_meanwhile", "removed from the first one on, in per cent", None, None,
           decimals=1),
    Figure("recall", "recall after it, without dismissals", None, None),
    Figure("events", "events after it", None, None, decimals=0),
)


def table(
    title: str, figures: tuple[Figure, ...], reached: dict[str, float], kept: dict[str, float]
) -> list[str]:
    """The lines of one data set."""
    lines = ["", f"{title:46s} {'reached':>9s} {'kept':>9s} {'must':>9s} {'goal':>9s}"]
    for figure in figures:
        cells = [
            "" if value is None else f"{value:,.{figure.decimals}f}"
            for value in (
                reached.get(figure.key), kept.get(figure.key), figure.must, figure.goal)
        ]
        standing = figure.standing(reached[figure.key]) if figure.key in reached else ""
        lines.append(
            f"  {figure.text:44s} " + " ".join(f"{cell:>9s}" for cell in cells) + f"  {standing}")
    return [line.rstrip() for line in lines]
