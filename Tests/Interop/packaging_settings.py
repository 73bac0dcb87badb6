"""The settings of a service as its program, its example, its README, unit and compose name them."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import subprocess

# Answered by the program itself; no settings.
REQUESTS = {"config", "check-config", "print-config", "help"}


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting as `--help` describes it."""

    default: str | None
    is_needed: bool


def run(binary: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program with nothing of Tidemark in its environment."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TIDEMARK_")}
    return subprocess.run(
        [binary, *arguments], capture_output=True, text=True, timeout=60, env=environment
    )


def described(binary: pathlib.Path) -> dict[str, Setting]:
    """The settings that `--help` lists, with their defaults."""
    done = run(binary, "--help")
    if done.returncode != 0:
        raise RuntimeError(f"{binary.name} --help ends with {done.returncode}: {done.stderr}")
    settings = {}
    body = done.stdout.split("Instead of serving:")[0]
    for match in re.finditer(r"^  --([a-z][a-z0-9-]*)(?:  \((.*)\))?$", body, re.MULTILINE):
        key, note = match.group(1), match.group(2) or ""
        default = note.removeprefix("default ") if note.startswith("default ") else None
        settings[key] = Setting(default, note == "needed")
    return settings


def printed(binary: pathlib.Path, config: pathlib.Path) -> dict[str, str]:
    """The settings that `--print-config` prints, with where each came from."""
    done = run(binary, "--config", str(config), "--print-config")
    if done.returncode != 0:
        raise RuntimeError(f"{binary.name} refuses {config.name}: {done.stderr.strip()}")
    lines = re.findall(r"^([a-z][a-z0-9-]*): .*  # (.*)$", done.stdout, re.MULTILINE)
    return dict(lines)


def of_example(path: pathlib.Path) -> dict[str, str | None]:
    """The settings of an example, in force or commented out, with their one-line comments."""
    settings: dict[str, str | None] = {}
    comment: str | None = None
    for line in path.read_text().splitlines():
        key = re.match(r"^(?:# )?([a-z][a-z0-9-]*):(?: \S.*)?$", line)
        if key:
            settings[key.group(1)] = comment
            comment = None
        elif line.startswith("# "):
            comment = line[2:]
        elif not line.startswith((" ", "-")):
            comment = None
    return settings


def of_readme(path: pathlib.Path) -> dict[str, str]:
    """The settings of a README's table with their defaults as it tells them."""
    section = path.read_text().partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z][a-z0-9-]*)` \| ([^|]*) \|", section, re.MULTILINE)
    return {key: default.strip().strip("`") for key, default in rows}


def of_unit(path: pathlib.Path, service: str) -> set[str]:
    """The settings that a unit names as flags or variables."""
    text = path.read_text()
    names = set()
    for line in text.splitlines():
        if line.startswith(("ExecStart", "Environment=")):
            names |= set(re.findall(r"(?<=\s)--([a-z][a-z0-9-]*)", line))
    return (names | of_environment(re.findall(r"TIDEMARK_[A-Z_]+", text), service)) - REQUESTS


def of_environment(variables: list[str], service: str) -> set[str]:
    """The settings that a service's variables name."""
    prefix = f"TIDEMARK_{service.upper()}_"
    return {
        name.removeprefix(prefix).lower().replace("_", "-")
        for name in variables
        if name.startswith(prefix)
    }


def foreign_variables(variables: list[str], service: str) -> list[str]:
    """Variables of Tidemark that are not this service's."""
    shared = {"TIDEMARK_LOG_LEVEL", "TIDEMARK_LOG_FORMAT"}
    prefix = f"TIDEMARK_{service.upper()}_"
    return [
        name
        for name in variables
        if name.startswith("TIDEMARK_") and name not in shared and not name.startswith(prefix)
    ]
