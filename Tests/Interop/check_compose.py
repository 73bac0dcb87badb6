#!/usr/bin/env python3
"""Runs compose.yaml without Docker: its variables, its secrets, its order, its health checks.

usage: check_compose.py BINARIES

make-secrets.sh makes the secrets in a folder, the set-up container's command is run against a
private PostgreSQL, and each service is started with exactly the variables of its container; only
paths, host names and ports are those of this machine. So the certificates, keys and addresses that
an operator gets are known to fit: calls go through mutual TLS from the gateway to those behind it.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import packaging_compose
import pynng
from checks import Checks, arguments
from house import SERVICES, cluster

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HEALTHY_SECONDS = 60


class Composed:
    """The containers of compose.yaml as processes of this machine."""

    def __init__(self, binaries: str, folder: pathlib.Path) -> None:
        self.binaries = pathlib.Path(binaries).resolve()
        self.folder = folder / "compose"
        shutil.copytree(ROOT / "compose", self.folder)
        self.compose = packaging_compose.load(self.folder / "compose.yaml")
        self.ports: dict[str, int] = {}
        self.processes: dict[str, subprocess.Popen] = {}

    def localized(self, text: str) -> str:
        """A variable or word of a container as it is here."""
        names = "|".join(SERVICES)
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
        text = re.sub(rf"://(?:0\.0\.0\.0|{names}):", "://localhost:", text)
        text = text.replace("0.0.0.0:", "127.0.0.1:")
        text = re.sub(r"(?<=[a-z0-9]):([789]\d\d\d)\b", lambda m: f":{self.port(m[1])}", text)
        text = re.sub(r"/run/secrets/([\w.-]+)", lambda m: str(self.secret(m[1])), text)
        text = text.replace("/etc/tidemark/routes.yaml", str(self.folder / "routes.yaml"))
        return text.replace("/roles", str(self.folder / "secrets" / "roles")) if (
            text.endswith("=/roles")) else text

    def port(self, inside: str) -> int:
        """The free port that stands for one of the container."""
        if inside not in self.ports:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.ports[inside] = probe.getsockname()[1]
        return self.ports[inside]

    def secret(self, name: str) -> pathlib.Path:
        """The file of a secret."""
        return (self.folder / self.compose["secrets"][name]["file"]).resolve()

    def prepare(self, admin_url: str) -> None:
        """Makes the secrets and runs the set-up container's command."""
        subprocess.run([self.folder / "make-secrets.sh"], check=True, capture_output=True)
        admin = self.secret("admin.database")
        admin.unlink()
        admin.write_text(admin_url)
        admin.chmod(0o400)
        routes = self.folder / "routes.yaml"
        key = str(self.secret("pagerduty.routing-key"))
        routes.write_text(
            routes.read_text().replace("/run/secrets/pagerduty.routing-key", key))
        words = [self.localized(word) for word in self.compose["services"]["setup"]["command"]]
        subprocess.run(
            [self.binaries / "tidemark", *words], check=True, capture_output=True, timeout=120)

    def order(self) -> list[str]:
        """The services, each after those it depends on."""
        done: list[str] = []
        while len(done) < len(SERVICES):
            for name in SERVICES:
                needs = self.compose["services"][name].get("depends_on", {})
                waits = [need for need in needs if need in SERVICES and need not in done]
                if name not in done and not waits:
                    done.append(name)
        return done

    def start(self, name: str) -> None:
        """Starts one container's program with the container's variables alone."""
        service = self.compose["services"][name]
        variables = {
            key: self.localized(value)
            for key, value in packaging_compose.environment(service).items()
        }
        log = open(self.folder / f"{name}.log", "wb")
        with log:
            self.processes[name] = subprocess.Popen(
                [self.binaries / f"tidemark-{name}"], env={"PATH": os.environ["PATH"], **variables},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def is_healthy(self, name: str) -> bool:
        """Whether the container's own health check passes in time."""
        test = self.compose["services"][name]["healthcheck"]["test"]
        words = [ROOT / "compose" / "health.sh", str(self.port(test[2])), *test[3:]]
        deadline = time.monotonic() + HEALTHY_SECONDS
        while time.monotonic() < deadline and self.processes[name].poll() is None:
            if subprocess.run(words, capture_output=True).returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def log(self, name: str) -> str:
        """The last that a service said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-1500:]

    def stop(self) -> dict[str, int]:
        """Ends all, those that call first, and gives their exit codes."""
        codes = {}
        for name in reversed(list(self.processes)):
            process = self.processes.pop(name)
            process.terminate()
            try:
                codes[name] = process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait()
        return codes


def check_calls(checks: Checks, house: Composed) -> None:
    """HTTP to the gateway, and from there through TLS to the three that it calls."""
    base = f"http://127.0.0.1:{house.port('8080')}/api"
    token = house.secret("gateway.token").read_text().strip()
    anomaly = "00000000-0000-4000-8000-000000000000"
    cases = [
        ("ingest", "GET", "/customers/nobody/usage/anomalies", None, 404),
        ("baseline", "POST", "/analytics/anomalies/scan", {}, 202),
        ("classifier", "PUT", f"/analytics/anomalies/{anomaly}/dismiss", {"reason": "x"}, 404),
    ]
    for behind, method, path, body, wanted in cases:
        request = urllib.request.Request(
            base + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json",
                     "Idempotency-Key": '"compose-1"'})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                code, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            code, text = error.code, error.read()
        checks.check(f"the gateway reaches {behind} by TLS", code == wanted, f"{code}: {text!r}")


def check_stranger(checks: Checks, house: Composed) -> None:
    """Without a certificate of the house nobody gets a connection."""
    address = house.localized("tls+tcp://ingest:7101")
    authority = house.secret("ca.pem").read_text()
    with pynng.Req0(resend_time=-1, send_timeout=2000, recv_timeout=2000) as stranger:
        stranger.tls_config = pynng.TLSConfig(
            pynng.TLSConfig.MODE_CLIENT, server_name="localhost", ca_string=authority)
        stranger.dial(address, block=False)
        try:
            stranger.send(b"x" * 16)
            stranger.recv()
            answered = True
        except pynng.NNGException:
            answered = False
    checks.check("a caller without a certificate gets no answer", not answered)


def main() -> int:
    """Starts all, calls, stops all."""
    (binaries,) = arguments("BINARIES")
    checks = Checks("check_compose")
    with tempfile.TemporaryDirectory(prefix="tidemark-compose-") as name:
        house = Composed(binaries, pathlib.Path(name))
        try:
            with cluster(binaries, None) as admin_url, checks.section("compose"):
                house.prepare(admin_url)
                for service in house.order():
                    house.start(service)
                    healthy = house.is_healthy(service)
                    checks.check(f"{service} gets healthy", healthy, house.log(service))
                check_calls(checks, house)
                check_stranger(checks, house)
                for service, code in house.stop().items():
                    checks.equal(f"{service} drains and ends with 0", code, 0)
        finally:
            house.stop()
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
