"""Services that cannot start: each says why, names the thing, keeps the secret and ends."""

from __future__ import annotations

import pathlib
import subprocess
import time

from checks import Checks
from house import PASSWORD, STORED, House

WRONG = "not-the-password"
END_SECONDS = 60


def run_to_end(house: House, name: str, config: pathlib.Path) -> tuple[int | None, str]:
    """The exit code of a service and what it said; None when it went on."""
    try:
        done = subprocess.run(
            [house.binaries / f"tidemark-{name}", "--config", config], capture_output=True,
            text=True, timeout=END_SECONDS)
    except subprocess.TimeoutExpired as error:
        return None, str(error.stderr)
    return done.returncode, done.stdout + done.stderr


def with_setting(house: House, name: str, key: str, value: str) -> pathlib.Path:
    """A copy of a service's settings with one of them changed."""
    lines = (house.folder / f"{name}.yaml").read_text().splitlines()
    lines = [line for line in lines if not line.startswith(f"{key}:")]
    # Its sockets would be in the way of the service that runs.
    lines = [line for line in lines if not line.startswith("listen-url:")]
    lines.append(f"listen-url: [ipc://{house.folder}/other.ipc]")
    path = house.folder / f"{name}-other.yaml"
    path.write_text("\n".join([*lines, f"{key}: {value}"]) + "\n")
    return path


def check_starts(checks: Checks, house: House) -> None:
    """Databases that cannot be reached or refuse, files that are missing or open to others."""
    for name in STORED:
        address = (house.folder / "roles" / f"{name}.database").read_text()
        wrong = house.secret(house.folder / "wrong.database", address.replace(PASSWORD, WRONG))
        refused(checks, f"{name} with a wrong password", house, name, wrong, f"tidemark_{name}")
        away = house.secret(
            house.folder / "away.database",
            f"host={house.folder}/nowhere user=tidemark_{name} password={WRONG} dbname=x")
        refused(checks, f"{name} without its database", house, name, away, "nowhere")
    check_files(checks, house)
    check_address_in_use(checks, house)


def refused(
    checks: Checks, label: str, house: House, name: str, database: pathlib.Path, naming: str
) -> None:
    """The service ends with 1, soon, naming the thing and never the password."""
    started = time.monotonic()
    config = with_setting(house, name, "database-url-file", str(database))
    code, said = run_to_end(house, name, config)
    checks.check(f"{label}: ends with 1", code == 1, f"{code}: {said[-500:]}")
    checks.check(f"{label}: ends soon", time.monotonic() - started < 30)
    checks.check(f"{label}: names it", naming in said, said[-500:])
    checks.check(f"{label}: keeps the password", WRONG not in said, "it is in the output")


def check_files(checks: Checks, house: House) -> None:
    """A secret that is missing, empty or open to others."""
    missing = house.folder / "no-such-file"
    open_file = house.folder / "open.key"
    open_file.write_text("secret\n")
    open_file.chmod(0o644)
    empty = house.folder / "empty.key"
    empty.write_text("")
    empty.chmod(0o400)
    for path in (missing, open_file, empty):
        config = with_setting(house, "ingest", "caller-key-file", str(path))
        code, said = run_to_end(house, "ingest", config)
        named = "caller-key-file" in said and path.name in said
        checks.check(f"{path.name} as a key: ends with 2 by name", code == 2 and named,
                     f"{code}: {said[-500:]}")


def check_address_in_use(checks: Checks, house: House) -> None:
    """A port that someone else has."""
    taken = house.running["gateway"].http
    config = with_setting(house, "gateway", "http-address", taken)
    code, said = run_to_end(house, "gateway", config)
    named = taken in said or taken.split(":")[1] in said
    checks.check("a port in use: ends with 1 by name", code == 1 and named,
                 f"{code}: {said[-500:]}")
