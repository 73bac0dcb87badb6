#!/usr/bin/env python3
"""Checks what services are shipped in: units, images, compose, examples and settings tables.

usage: check_packaging.py BINARIES

BINARIES is the folder with the built programs. The settings that the program knows, its example
names, its README lists, its unit and compose use are compared in both directions.
"""

from __future__ import annotations

import base64
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import packaging_compose
import packaging_settings
from checks import Checks, arguments
from house import SERVICES
from packaging_images import check_image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# systemd-analyze's sum of what a service could still do; 10 is everything.
EXPOSURE_LIMIT = 2.0


def render_example(service: str, folder: pathlib.Path) -> pathlib.Path:
    """A copy of the example whose files are in a folder, with something of the kind in each."""
    text = (ROOT / "services" / service / "example.yaml").read_text()
    text = text.replace("/etc/tidemark/", f"{folder}/")
    for key, name in re.findall(r"^([a-z][a-z0-9-]*-file): (\S+)$", text, re.MULTILINE):
        path = pathlib.Path(name.strip('"'))
        if not path.exists():
            path.write_text(content(service, key, folder))
            path.chmod(0o400)
    copy = folder / f"{service}.yaml"
    copy.write_text(text)
    return copy


def content(service: str, key: str, folder: pathlib.Path) -> str:
    """Something of the kind that a setting's file holds."""
    if key == "database-url-file":
        return f"postgresql://tidemark_{service}:secret@localhost/tidemark"
    if key == "caller-key-file":
        return run_openssl("genpkey", "-algorithm", "ed25519").decode()
    if key == "trusted-callers-file":
        pem = run_openssl("genpkey", "-algorithm", "ed25519")
        public = run_openssl("pkey", "-pubout", "-outform", "DER", given=pem)
        return f'someone: "{base64.b64encode(public[-32:]).decode()}"\n'
    if key == "routes-file":
        secret = folder / "pagerduty.routing-key"
        if not secret.exists():
            secret.write_text("0" * 32)
            secret.chmod(0o400)
        routes = (ROOT / "compose" / "routes.yaml").read_text()
        return routes.replace("/run/secrets/", f"{folder}/")
    return "0123456789abcdef" * 3


def run_openssl(*words: str, given: bytes = b"") -> bytes:
    """What openssl makes."""
    return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True).stdout


def check_unit(checks: Checks, service: str, binary: pathlib.Path, folder: pathlib.Path) -> None:
    """systemd's own judgement of the unit with its program put in."""
    path = ROOT / "services" / service / f"tidemark-{service}.service"
    text = path.read_text()
    installed = f"/usr/bin/tidemark-{service}"
    checks.check(f"unit {service} starts {installed}", f"\nExecStart={installed} " in text)
    stop = re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    drain = packaging_settings.described(binary).get("drain-seconds")
    seconds = float(drain.default or 0) if drain else 0
    enough = bool(stop) and float(stop.group(1)) > seconds > 0
    checks.check(f"unit {service} waits longer than the drain", enough, f"{stop}, {drain}")
    if not shutil.which("systemd-analyze"):
        checks.skip(f"unit {service} verified", "systemd-analyze is not here")
        return
    rendered = folder / path.name
    rendered.write_text(text.replace(installed, str(binary)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", rendered], capture_output=True, text=True
    )
    said = (done.stdout + done.stderr).strip()
    checks.check(f"unit {service} verified", done.returncode == 0 and not said, said)
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", rendered],
        capture_output=True, text=True,
    )
    level = re.search(r"Overall exposure level for .*: ([0-9.]+)", done.stdout)
    hardened = bool(level) and float(level.group(1)) <= EXPOSURE_LIMIT
    checks.check(f"unit {service} is hardened", hardened, level and level.group(1))


def same_names(checks: Checks, what: str, named: set[str], known: set[str]) -> None:
    """Fails with the names that one side has and the other has not."""
    checks.equal(f"{what} names nothing unknown", sorted(named - known), [])
    checks.equal(f"{what} leaves nothing out", sorted(known - named), [])


def check_settings(
    checks: Checks, service: str, binary: pathlib.Path, folder: pathlib.Path, compose: dict
) -> None:
    """The settings of one service as six places name them."""
    base = ROOT / "services" / service
    described = packaging_settings.described(binary)
    printed = packaging_settings.printed(binary, render_example(service, folder))
    known = set(printed)
    checks.equal(f"settings {service}: --help and --print-config agree", set(described), known)
    example = packaging_settings.of_example(base / "example.yaml")
    same_names(checks, f"settings {service}: example.yaml", set(example), known)
    bare = sorted(key for key, comment in example.items() if not comment)
    checks.equal(f"settings {service}: example.yaml explains each", bare, [])
    readme = packaging_settings.of_readme(base / "README.md")
    same_names(checks, f"settings {service}: README.md", set(readme), known)
    for key, setting in described.items():
        told = readme.get(key)
        wanted = "needed" if setting.is_needed else setting.default or ""
        if told is not None:
            checks.equal(f"settings {service}: default of {key} in README.md", told, wanted)
    unit = packaging_settings.of_unit(base / f"tidemark-{service}.service", service)
    checks.equal(f"settings {service}: unit names no unknown one", sorted(unit - known), [])
    container = compose["services"].get(service)
    if checks.check(f"compose has {service}", container is not None):
        variables = list(packaging_compose.environment(container))
        used = packaging_settings.of_environment(variables, service)
        checks.equal(
            f"settings {service}: compose names no unknown one", sorted(used - known), [])
        foreign = packaging_settings.foreign_variables(variables, service)
        checks.equal(f"settings {service}: compose gives it its own variables", foreign, [])
        for key in sorted(key for key, setting in described.items() if setting.is_needed):
            checks.check(f"settings {service}: compose sets {key}", key in used, sorted(used))


def check_refusals(
    checks: Checks, service: str, binary: pathlib.Path, folder: pathlib.Path
) -> None:
    """A wrong setting ends the start with its name, before anything is served."""
    good = render_example(service, folder)
    done = packaging_settings.run(binary, "--config", str(good), "--check-config")
    checks.check(f"settings {service}: the example is accepted", done.returncode == 0, done.stderr)
    wrong = folder / f"{service}-wrong.yaml"
    wrong.write_text(good.read_text() + "\nno-such-setting: 1\nneither-is-this: 2\n")
    done = packaging_settings.run(binary, "--config", str(wrong), "--check-config")
    told = "no-such-setting" in done.stderr and "neither-is-this" in done.stderr
    checks.check(
        f"settings {service}: unknown keys are refused together", done.returncode == 2 and told,
        f"{done.returncode}: {done.stderr}")
    broken = folder / f"{service}-broken.yaml"
    broken.write_text("listen-url: [unclosed\n")
    done = packaging_settings.run(binary, "--config", str(broken), "--check-config")
    named = broken.name in done.stderr
    checks.check(
        f"settings {service}: broken YAML is refused by name", done.returncode == 2 and named,
        f"{done.returncode}: {done.stderr}")
    done = packaging_settings.run(binary, "--config", "/nowhere.yaml", "--check-config")
    named = "/nowhere.yaml" in done.stderr
    checks.check(
        f"settings {service}: a missing file is refused by name", done.returncode == 2 and named,
        f"{done.returncode}: {done.stderr}")


def check_command_line(checks: Checks, program: pathlib.Path) -> None:
    """The README of the command line names the commands that there are."""
    said = packaging_settings.run(program, "--help").stdout
    known = set(re.findall(r"^  ([a-z-]+)  ", said, re.MULTILINE))
    text = (ROOT / "services" / "tidemark" / "README.md").read_text()
    named = set(re.findall(r"^\| `tidemark ([a-z-]+)", text, re.MULTILINE))
    checks.check("tidemark --help names commands", len(known) > 5, said)
    same_names(checks, "commands: services/tidemark/README.md", named, known)


def made_secrets() -> set[str]:
    """The files that make-secrets.sh says it makes, as compose.yaml names them."""
    done = subprocess.run(
        [ROOT / "compose" / "make-secrets.sh", "--list"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def main() -> int:
    """Runs all checks."""
    (binaries,) = arguments("BINARIES")
    programs = pathlib.Path(binaries).resolve()
    checks = Checks("check_packaging")
    with tempfile.TemporaryDirectory(prefix="tidemark-packaging-") as name:
        folder = pathlib.Path(name)
        compose_path = ROOT / "compose" / "compose.yaml"
        compose = packaging_compose.load(compose_path)
        with checks.section("compose"):
            packaging_compose.check_services(checks, compose, compose_path.parent)
            packaging_compose.check_declared(
                checks, compose, made_secrets(), compose_path.parent)
            packaging_compose.check_plugin(checks, compose_path, folder)
        for service in SERVICES:
            binary = programs / f"tidemark-{service}"
            with checks.section(f"unit {service}"):
                check_unit(checks, service, binary, folder)
            with checks.section(f"settings {service}"):
                check_settings(checks, service, binary, folder, compose)
                check_refusals(checks, service, binary, folder)
            with checks.section(f"image {service}"):
                check_image(checks, ROOT / "services" / service, f"tidemark-{service}", binary)
        with checks.section("commands"):
            check_command_line(checks, programs / "tidemark")
        with checks.section("image tidemark"):
            check_image(checks, ROOT / "services" / "tidemark", "tidemark", programs / "tidemark")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
