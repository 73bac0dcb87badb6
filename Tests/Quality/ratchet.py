"""The figures reached so far, which nothing may fall below unnoticed."""

from __future__ import annotations

import json
import pathlib

from figures import Figure

PATH = pathlib.Path(__file__).resolve().parent / "ratchet.json"
TOLERANCE = 0.01


class Ratchet:
    """The file of figures: one entry a data set, with its tolerance and the mark of its data."""

    def __init__(self, path: pathlib.Path = PATH) -> None:
        self.path = path
        self.entries: dict[str, dict] = {}
        if path.exists():
            self.entries = json.loads(path.read_text(encoding="utf-8"))

    def kept(self, name: str, mark: str) -> dict[str, float]:
        """The figures of a data set; none where they were reached on other data."""
        entry = self.entries.get(name, {})
        return entry.get("figures", {}) if entry.get("data") == mark else {}

    def is_of_other_data(self, name: str, mark: str) -> bool:
        """Whether the data set has figures, but of other data under that name."""
        return name in self.entries and self.entries[name].get("data") != mark

    def lost(
        self, name: str, mark: str, figures: tuple[Figure, ...], reached: dict[str, float]
    ) -> list[str]:
        """What has become worse, in words; what still reaches its goal may be given for others."""
        kept = self.kept(name, mark)
        tolerance = self.entries.get(name, {}).get("tolerance", TOLERANCE)
        lost = []
        for figure in figures:
            if not figure.is_kept or figure.key not in kept:
                continue
            value, before = reached.get(figure.key), kept[figure.key]
            if value is not None and figure.standing(value) == "goal":
                continue
            if value is None or figure.is_worse(value, before, tolerance):
                lost.append(f"{name}: {figure.text}: {value} where {before} was reached")
        return lost

    def keep(
        self, name: str, mark: str, figures: tuple[Figure, ...], reached: dict[str, float]
    ) -> None:
        """Takes over what is reached now."""
        known = {figure.key for figure in figures if figure.is_kept}
        self.entries[name] = {
            "data": mark, "tolerance": self.entries.get(name, {}).get("tolerance", TOLERANCE),
            "figures": {key: round(value, 4) for key, value in reached.items() if key in known},
        }

    def write(self) -> None:
        """Writes the file."""
        text = json.dumps(self.entries, indent=2, sort_keys=True)
        self.path.write_text(text + "\n", encoding="utf-8")
