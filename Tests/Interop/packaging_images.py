"""Compares what the Dockerfiles install with what the programs need."""

from __future__ import annotations

import pathlib
import re
import subprocess

from checks import Checks

# In every image of Debian, or brought by the static Swift runtime.
GIVEN = {"libc6", "libgcc-s1", "libstdc++6"}
# Needed by a program though no library of it: certificates to trust, and time zones.
BESIDE_LIBRARIES = {"ca-certificates", "tzdata"}


def owner(library: str) -> str | None:
    """The Debian package that a library belongs to; None for one that Debian did not bring."""
    candidates = [library, library.removeprefix("/usr"), f"/usr{library}"]
    for path in candidates:
        done = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    return None


def direct_packages(binary: pathlib.Path) -> set[str]:
    """The packages of the libraries that the program itself names (not those below them)."""
    dynamic = subprocess.run(
        ["readelf", "-d", binary], capture_output=True, text=True, check=True
    ).stdout
    named = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
    found = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    packages = set()
    for name, path in re.findall(r"^\s*(\S+) => (\S+)", found, re.MULTILINE):
        if name in named and "/swift/" not in path:
            resolved = str(pathlib.Path(path).resolve())
            package = owner(path) or owner(resolved)
            if package:
                packages.add(package)
    return packages - GIVEN


def installed(dockerfile: str) -> set[str]:
    """The packages of the image that is shipped: what its last stage installs."""
    last = dockerfile.split("\nFROM ")[-1]
    words = re.search(r"--no-install-recommends \\\n(.*?)\\\n  &&", last, re.DOTALL)
    return set(words.group(1).replace("\\\n", " ").split()) if words else set()


def check_image(checks: Checks, folder: pathlib.Path, program: str, binary: pathlib.Path) -> None:
    """One Dockerfile: its stages, its user, its health check and its libraries."""
    text = (folder / "Dockerfile").read_text()
    label = f"image {program}"
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    checks.equal(f"{label} has its stages", stages, ["swift:6.3-bookworm", "debian:12-slim"])
    checks.check(f"{label} builds its product", f"--product {program} " in text)
    user = re.search(r"^USER (\S+)", text, re.MULTILINE)
    checks.check(f"{label} runs as no root", bool(user) and user.group(1) == "10001:10001", user)
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        there = (folder.parent.parent / source).exists()
        checks.check(f"{label} copies what is there", there, source)
    if program != "tidemark":
        checks.check(f"{label} has a health check", "\nHEALTHCHECK " in text)
    have = installed(text)
    need = direct_packages(binary)
    checks.equal(f"{label} lacks no library", sorted(need - have), [])
    extra = have - need - BESIDE_LIBRARIES
    checks.equal(f"{label} brings no library in vain", sorted(extra), [])
