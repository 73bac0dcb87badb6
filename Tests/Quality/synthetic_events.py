"""What happens to the customers of the synthetic history, and the labels that tell of it."""

from __future__ import annotations

import math
import random
import typing

from synthetic_world import Calendar

if typing.TYPE_CHECKING:
    from synthetic_customers import Customer

DIFFICULTIES = ("easy", "medium", "hard")
# With their shares, in per cent.
TYPES = {
    "drop": 16, "spike": 10, "level_down": 14, "level_up": 8, "gradual_decline": 14,
    "abandonment": 12, "seasonal_change": 8, "plateau": 6, "adoption": 12,
}
# What is left of the usual (or how many times it) by difficulty.
SIZES = {
    "drop": (0.08, 0.35, 0.6), "spike": (4.5, 2.4, 1.7), "level_down": (0.3, 0.55, 0.75),
    "level_up": (2.8, 1.8, 1.4), "gradual_decline": (0.3, 0.45, 0.62),
    "seasonal_change": (1.0, 0.75, 0.5), "adoption": (1.0, 0.5, 0.2),
}
LASTING_DAYS = {"seasonal_change": 35, "level_down": 28, "level_up": 28, "abandonment": 28,
                "adoption": 28}
GRACE_DAYS = {"gradual_decline": 21, "abandonment": 14, "seasonal_change": 14, "adoption": 14}
# Signal over noise from which on an event can be detected.
DETECTABLE_SIGNAL = 4.0
EVENTS_PER_METRIC = 0.6


class Labeller:
    """Collects what is known to be in a history."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.events: list[dict] = []
        self.windows: list[dict] = []

    def event(
        self, series: str, kind: str, day: int, days: int, grace: int, difficulty: str,
        size: float, signal: float,
    ) -> None:
        """Something real from a day on."""
        text = self.calendar.text
        self.events.append({
            "series_id": series, "type": kind, "start": text(day), "end": text(day + days - 1),
            "grace_end": text(day + days - 1 + grace), "difficulty": difficulty,
            "magnitude": round(size, 3), "snr": round(signal, 2),
            "detectable": signal >= DETECTABLE_SIGNAL,
        })

    def benign(self, series: str, kind: str, first: int, last: int) -> None:
        """Something harmless from one day to another."""
        text = self.calendar.text
        self.windows.append(
            {"series_id": series, "kind": kind, "start": text(first), "end": text(last)})

    def content(self, series: int, period: str) -> dict:
        """The content of the file of labels."""
        return {
            "period": period, "first_day": self.calendar.text(0),
            "last_day": self.calendar.text(self.calendar.days - 1), "n_series": series,
            "events": self.events, "benign": self.windows,
        }


class Happenings:
    """The events of one customer: a factor on each day of each metric."""

    def __init__(
        self, customer: Customer, means: dict[str, list[float]], rng: random.Random,
        labels: Labeller, outages: list[tuple[int, int, float]],
    ) -> None:
        self.customer = customer
        self.means = means
        self.rng = rng
        self.labels = labels
        self.outages = outages
        self.days = customer.calendar.days
        self.factors = {metric: [1.0] * self.days for metric in means}
        self._free = {metric: 150 for metric in means}
        # (first day, day after, value or None, upper limit or None) of counts that stand still.
        self._still: dict[str, tuple[int, int, float, bool]] = {}

    def happen(self) -> None:
        """Lets things happen, then small ones that mean nothing."""
        count = round(self.rng.gauss(EVENTS_PER_METRIC * len(self.means), 1))
        for _ in range(max(0, count)):
            kind = self.rng.choices(list(TYPES), list(TYPES.values()))[0]
            self._one(kind, self.rng.choices(range(3), (0.35, 0.4, 0.25))[0])
        for metric, factors in self.factors.items():
            if self.rng.random() < 0.5:
                day = self.rng.randrange(130, self.days - 5)
                factors[day] *= self.rng.choice((0.72, 1.35))
                self.labels.benign(f"{self.customer.name}/{metric}", "one_day_blip", day, day)

    def overridden(self, metric: str, values: list[float]) -> list[float]:
        """The values with those days replaced on which a count stands still or is capped."""
        if metric in self._still:
            first, after, level, is_cap = self._still[metric]
            for day in range(first, after):
                values[day] = min(values[day], level) if is_cap else level
        return values

    def _one(self, kind: str, hard: int) -> None:
        whole = kind in ("drop", "level_down", "gradual_decline") and self.rng.random() < 0.35
        features = [metric for metric in self.means if metric.startswith("feature")]
        of_features = kind in ("abandonment", "adoption", "plateau")
        metric = self.rng.choice(features if of_features else list(self.means))
        length = self._length(kind, hard)
        start = self._place(metric, length)
        if start is None:
            return
        factors, size, effect, weight = self._shape(kind, hard, metric, start, length)
        noise = self._noise(metric, start) * (0.25 if kind == "plateau" else 1)
        independent = max(1.0, weight / 2 if weight > 2 else 1.0)
        for each in self.means if whole else [metric]:
            self.factors[each] = [a * b for a, b in zip(self.factors[each], factors)]
            self._free[each] = start + length + 60
        name = f"{self.customer.name}/{'*' if whole else metric}"
        self.labels.event(
            name, kind, start, length, GRACE_DAYS.get(kind, 7), DIFFICULTIES[hard], size,
            effect / noise * math.sqrt(independent))

    def _length(self, kind: str, hard: int) -> int:
        if kind == "drop":
            return self.rng.randrange(1, 6)
        if kind == "spike":
            return self.rng.randrange(1, 4)
        if kind == "plateau":
            return (21, 16, 12)[hard]
        return LASTING_DAYS.get(kind, (50, 70, 90)[hard])

    def _place(self, metric: str, length: int) -> int | None:
        """A day from which on nothing else happens, or None where there is no room."""
        low = max(self._free[metric], self.customer.onboarding + 130)
        high = self.days - length - 5
        if high <= low:
            return None
        start = self.rng.randrange(low, high)
        if any(abs(start - day) < 12 for day, _, _ in self.outages):
            start += 25
        return start if start + length < self.days - 3 else None

    def _noise(self, metric: str, day: int) -> float:
        """One standard deviation of a day, as a share of the usual."""
        past = self.means[metric][max(0, day - 28):day]
        usual = max(sum(past) / max(len(past), 1), 1e-3)
        deviation = self.customer.mood_deviation
        return math.sqrt(self.customer.dispersion + deviation ** 2 + 1 / usual)

    def _shape(
        self, kind: str, hard: int, metric: str, start: int, length: int
    ) -> tuple[list[float], float, float, int]:
        """Factors by day, the size for the label, the effect as a log, and days that show it."""
        days = range(self.days)
        size = SIZES.get(kind, (0.0, 0.0, 0.0))[hard]
        if kind in ("drop", "spike"):
            size *= math.exp(self.rng.gauss(0, 0.1))
            inside = range(start, start + length)
            return [size if day in inside else 1.0 for day in days], size, abs(
                math.log(max(size, 0.05))), length
        if kind in ("level_down", "level_up"):
            return [size if day >= start else 1.0 for day in days], size, abs(math.log(size)), 14
        if kind == "gradual_decline":
            slope = math.log(size) / length
            return [
                math.exp(slope * min(max(day - start, 0), length)) for day in days
            ], size, -math.log(size), 14
        if kind == "abandonment":
            return [self._fading(day - start, hard) for day in days], 0.0, 3.0, 14
        if kind == "adoption":
            ramp = (7, 14, 28)[hard]
            return [
                size * min((day - start + 1) / ramp, 1) if day >= start else 0.0 for day in days
            ], size, 3.0, 14
        if kind == "plateau":
            return self._stand_still(hard, metric, start, length)
        return self._other_week(size, start)

    @staticmethod
    def _fading(since: int, hard: int) -> float:
        """What is left of a feature that nobody uses any more: at once, or fading away."""
        if since < 0:
            return 1.0
        scale, last = ((1.0, 0), (4.0, 14), (9.0, 28))[hard]
        return math.exp(-since / scale) if since < last else 0.0

    def _stand_still(
        self, hard: int, metric: str, start: int, length: int
    ) -> tuple[list[float], float, float, int]:
        """The same count each day, or one that never passes a limit."""
        past = self.means[metric][start - 28:start]
        level = sum(past) / len(past)
        if hard == 2:
            self._still[metric] = (start, start + length, float(round(level * 0.62)), True)
        else:
            self._still[metric] = (start, start + length, float(round(level)), False)
        return [1.0] * self.days, level, 1.0 if level > 5 else 0.1, length

    def _other_week(self, mix: float, start: int) -> tuple[list[float], float, float, int]:
        """The days of the week lose their rhythm, or gain one."""
        week = self.customer.week
        if self.customer.kind == "always":
            target = [1, 1.06, 1.05, 1.03, 0.88, 0.16, 0.13]
        else:
            target = [1.0] * 7
        scale = sum(week) / sum(target)
        ratio = [1 - mix + mix * t * scale / own for t, own in zip(target, week)]
        weekday = self.customer.calendar.weekday
        factors = [ratio[weekday(day)] if day >= start else 1.0 for day in range(self.days)]
        return factors, mix, sum(abs(math.log(each)) for each in ratio) / 7, 21
