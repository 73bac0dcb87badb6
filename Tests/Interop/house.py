"""Starts the six services as six processes, over sockets in a folder, and kills them on demand."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Iterator

SERVICES = ["notifier", "classifier", "detector", "baseline", "ingest", "gateway"]
# Whom each service calls.
CALLS = {
    "notifier": ["classifier"],
    "classifier": ["notifier", "baseline"],
    "detector": ["classifier"],
    "baseline": ["detector"],
    "ingest": ["baseline"],
    "gateway": ["ingest", "baseline", "classifier"],
}
STORED = [name for name in SERVICES if name != "detector"]
# As in Tests/Support: the roles of a test cluster are shared by all of its databases.
PASSWORD = "tide-mark-test"
READY_SECONDS = 60


@contextlib.contextmanager
def cluster(binaries: str, admin_url: str | None) -> Iterator[str]:
    """The address of a cluster of tests: the one given, or a private one that ends with us."""
    if admin_url:
        yield admin_url
        return
    folder = tempfile.mkdtemp(prefix="tm-pg-", dir="/tmp")
    process = subprocess.Popen(
        [pathlib.Path(binaries) / "tidemark", "cluster", "--folder", folder, "--throw-away"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise RuntimeError("the private cluster did not start")
        yield address
    finally:
        process.terminate()
        process.wait(90)
        # Root's data lies elsewhere when PostgreSQL's user cannot reach the folder.
        place = pathlib.Path(folder) / "place"
        if place.exists():
            shutil.rmtree(place.read_text().strip(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@dataclasses.dataclass
class Running:
    """One process of one service, and the thread that keeps what it says."""

    process: subprocess.Popen
    log: pathlib.Path
    admin: str = ""
    http: str = ""
    # The line that says that it has started; empty when it has ended without.
    started: str = ""

    def __post_init__(self) -> None:
        self.told = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        """Copies its output to its log until it ends, and tells when it has started."""
        with open(self.log, "ab", buffering=0) as log:
            for line in self.process.stdout:
                log.write(line)
                if not self.told.is_set() and b'msg="service started"' in line:
                    self.started = line.decode(errors="replace")
                    self.told.set()
        self.told.set()

    def wait(self, seconds: float | None = None) -> int:
        """Its exit code, when all that it said is in its log."""
        code = self.process.wait(seconds)
        self.reader.join(seconds)
        return code


class House:
    """A database, keys and settings of its own, and the processes that use them."""

    def __init__(self, binaries: str, admin_url: str) -> None:
        self.binaries = pathlib.Path(binaries).resolve()
        self.admin_url = admin_url
        # Short: the path of a socket may not pass 107 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tm-", dir="/tmp"))
        self.database = f"tidemark_house_{secrets.token_hex(4)}"
        self.token = secrets.token_hex(24)
        self.running: dict[str, Running] = {}
        # Held by whoever ends or starts services while others do too.
        self.lock = threading.RLock()
        self.extra: dict[str, dict[str, object]] = {name: {} for name in SERVICES}

    def __enter__(self) -> House:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Preparation

    def tool(self, *arguments: str, program: str = "tidemark") -> str:
        """Runs a program of the house to its end and gives what it printed."""
        done = subprocess.run(
            [self.binaries / program, *arguments], capture_output=True, text=True, timeout=120
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} {arguments[0]}: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def prepare(self, callers: list[str]) -> None:
        """Makes the database, a key for each service and each caller, and the settings."""
        admin = self.secret(self.folder / "admin", self.admin_url)
        roles = self.folder / "roles"
        roles.mkdir(mode=0o700)
        for name in [*STORED, "reader"]:
            self.secret(roles / f"{name}.password", PASSWORD)
        self.tool(
            "setup", "--admin-url-file", str(admin), "--database", self.database,
            "--secrets-folder", str(roles))
        self.tool("keys", "generate", str(self.folder / "keys"), *SERVICES, *callers)
        for name in SERVICES:
            self.write_settings(name)

    def key(self, name: str) -> pathlib.Path:
        """The private key of a service or caller."""
        return self.folder / "keys" / f"{name}.key"

    def psql(self, statement: str, database: str | None = None) -> str:
        """Runs a statement as the administrator and gives its rows."""
        address = self.admin_url
        if database:
            separator = "&" if "?" in address else "?"
            is_uri = "://" in address
            address += f"{separator}dbname={database}" if is_uri else f" dbname={database}"
        return subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", address, "-c", statement],
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout

    def secret(self, path: pathlib.Path, text: str) -> pathlib.Path:
        """Writes a file that only its owner may read."""
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o400), "w") as file:
            file.write(text + "\n")
        return path

    def url(self, name: str) -> str:
        """Where a service is called."""
        return f"ipc://{self.folder}/{name}.ipc"

    def write_settings(self, name: str) -> None:
        """Writes the settings file of a service, in the form of its example."""
        settings: dict[str, object] = {
            "listen-url": [self.url(name)],
            "admin-address": "127.0.0.1:0",
            "caller-key-file": str(self.key(name)),
            "trusted-callers-file": str(self.folder / "keys" / "callers.yaml"),
        }
        if name == "gateway":
            token = self.secret(self.folder / "token", self.token)
            settings["http-address"] = "127.0.0.1:0"
            settings["bootstrap-token-file"] = str(token)
        for callee in CALLS[name]:
            settings[f"{callee}-url"] = [self.url(callee)]
        if name in STORED:
            settings["database-url-file"] = str(self.folder / "roles" / f"{name}.database")
        settings.update(self.extra[name])
        # JSON's values are YAML's.
        lines = [f"{key}: {json.dumps(value)}\n" for key, value in settings.items()]
        (self.folder / f"{name}.yaml").write_text("".join(lines))

    # Processes

    def start(self, name: str) -> Running:
        """Starts a service and waits until it says that it is ready."""
        log = self.folder / f"{name}.log"
        offset = log.stat().st_size if log.exists() else 0
        process = subprocess.Popen(
            [self.binaries / f"tidemark-{name}", "--config", self.folder / f"{name}.yaml"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        # Noted at once, so that a service that never gets ready is ended too.
        running = self.running[name] = Running(process, log)
        running.told.wait(READY_SECONDS)
        if not running.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(1)
            text = log.read_bytes()[offset:].decode(errors="replace")
            code = process.poll()
            raise RuntimeError(f"{name} did not start (exit code {code}): {text[-2000:]}")
        running.admin = self.address(running.started, "admin")
        running.http = self.address(running.started, "http")
        return running

    @staticmethod
    def address(line: str, field: str) -> str:
        """An address out of a line of the log."""
        found = re.search(rf'\b{field}="?([^"\s]+)', line)
        return found.group(1).removeprefix("http://") if found else ""

    def kill(self, name: str) -> None:
        """Ends a service as a power cut would."""
        running = self.running[name]
        running.process.send_signal(signal.SIGKILL)
        running.wait()

    def stop(self, name: str, seconds: float = 30) -> int:
        """Ends a service as systemd would, and gives its exit code."""
        running = self.running.pop(name)
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)
        try:
            return running.wait(seconds)
        except subprocess.TimeoutExpired:
            running.process.kill()
            return running.wait()

    def http(self) -> str:
        """Where the gateway serves HTTP, host and port."""
        return self.running["gateway"].http

    def is_healthy(self, name: str) -> bool:
        """Whether a service says that it can work."""
        try:
            address = f"http://{self.running[name].admin}/readyz"
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def metric(self, name: str, metric: str) -> float:
        """The sum of one figure of a service over its labels."""
        address = f"http://{self.running[name].admin}/metrics"
        with urllib.request.urlopen(address, timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        pattern = re.compile(re.escape(metric) + r"(\{.*\})? ")
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if pattern.match(line))

    def log(self, name: str) -> str:
        """All that a service has logged."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self, keep: bool = False) -> None:
        """Ends what runs and takes everything away."""
        for name in reversed(SERVICES):
            if name in self.running:
                self.stop(name, 15)
        with contextlib.suppress(subprocess.SubprocessError):
            self.psql(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
