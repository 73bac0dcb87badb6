"""The demo's house: PostgreSQL, six services and two receivers, as processes of their own."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import tempfile
import time
import urllib.request

import settings
from programs import DemoError, Program, run

SERVICES = ["notifier", "classifier", "detector", "baseline", "ingest", "gateway"]
ROOT = pathlib.Path(__file__).resolve().parent.parent
# The log line of a service that can be used; its address may come with or without quotes.
READY = r'msg="service started".*'
DELIVERY_SECONDS = 120


class Household:
    """Everything that one demo runs, and where it keeps its things."""

    def __init__(self, data: str, binaries: pathlib.Path, folder: pathlib.Path,
                 files: pathlib.Path) -> None:
        self.data, self.binaries, self.files = data, binaries, files
        self.top = folder
        self.home = folder / "demo" / data
        self.logs = self.home / "logs"
        self.secrets = self.home / "secrets"
        self.keys = self.home / "keys"
        # Short, because the name of a socket may have 107 bytes.
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="tidemark-", dir="/tmp"))
        self.programs: list[Program] = []
        self.gateway = ""
        self.mail: dict = {}
        self.events: dict = {}

    def tool(self, *arguments: object, shown: bool = False) -> str:
        """Runs a subcommand of tidemark as a client of this house."""
        command = [self.binaries / "tidemark", *arguments]
        return run(command, shown=shown).rstrip("\n")

    def client(self, *arguments: object, shown: bool = False) -> str:
        """Runs a subcommand that calls the services."""
        return self.tool(*arguments, "--config", self.top / "client.yaml", shown=shown)

    # Starting

    def start(self) -> None:
        """Starts everything, what is called before what calls it."""
        address = self.begin(
            "postgresql", [self.binaries / "tidemark", "cluster", "--folder",
                           self.home / "postgres"], r"(?m)^host=.*$").wait(90).group()
        admin = settings.secret(self.home / "admin.database", address)
        self.tool("setup", "--admin-url-file", admin, "--secrets-folder", self.secrets)
        self.tool("keys", "generate", self.keys, *SERVICES, "client")
        self.start_receivers()
        for name in SERVICES:
            settings.write_service(self, name)
        # Each waits for those it calls by itself; they start side by side.
        started = [self.begin(name, [self.binaries / f"tidemark-{name}", "--config",
                                     self.home / f"{name}.yaml"], READY) for name in SERVICES]
        for program in started:
            program.wait(60)
        self.gateway = settings.http_address(started[-1].match.group())
        settings.write_client(self)

    def begin(self, name: str, command: list, ready: str) -> Program:
        program = Program(name, command, self.logs / f"{name}.log", ready)
        self.programs.append(program)
        return program.start()

    def start_receivers(self) -> None:
        """A mail server and an endpoint with the rules of PagerDuty's events, both local."""
        python = ROOT / ".tidemark/venv/bin/python"
        sinks = ROOT / "Tests/Interop"
        mail = self.begin(
            "mail", [python, sinks / "mail_sink.py", "--folder", self.home / "mail"],
            settings.SINK_READY)
        events = self.begin(
            "pagerduty", [python, sinks / "pagerduty_rules.py", "--folder",
                          self.home / "pagerduty"], settings.SINK_READY)
        self.mail = {"port": int(mail.wait().group(1)), "folder": self.home / "mail"}
        self.events = {"port": int(events.wait().group(1)), "folder": self.home / "pagerduty"}

    def url(self, name: str) -> str:
        """Where a service is called by the others."""
        return f"ipc://{self.sockets}/{name}"

    # Work

    def import_files(self, manifest: dict) -> str:
        """Sends the files to ingest; gives its report."""
        common = ["--customers", self.files / "customers.csv",
                  "--metrics", self.files / "metrics.csv", "--source", f"demo-{self.data}"]
        report = []
        if (self.files / "increments.csv").exists():
            report.append(self.client(
                "import", self.files / "increments.csv", "--mode", "increment", *common,
                shown=True))
        report.append(self.client(
            "import", self.files / "points.csv", *common, "--through", manifest["through"],
            shown=True))
        return "\n".join(report)

    def scan(self, manifest: dict) -> str:
        """Has every series judged; gives the outcome."""
        return self.client("scan", "--granularity", manifest["granularity"], "--notify-history",
                           shown=True)

    def anomalies(self) -> str:
        """What was found, in the form of the chat."""
        return self.client("anomalies", "--all", "--accounts-limit", "10",
                           "--anomalies-limit", "3")

    def token(self) -> str:
        """A bearer token for the gateway, made once."""
        path = self.home / "token"
        if not path.exists():
            settings.secret(path, self.tool(
                "token", "create", "demo", "--database-url-file",
                self.secrets / "gateway.database"))
        return path.read_text().strip()

    def example(self, customer: str) -> tuple[str, dict | None]:
        """A customer and its mildest anomaly, for the examples; another one if it has none."""
        found = self.mildest(customer)
        if found is None:
            listed = self.client("anomalies", "--all", "--ids").splitlines()
            if listed:
                customer = listed[0].split(" ")[1]
                found = self.mildest(customer)
        return customer, found

    def mildest(self, customer: str) -> dict | None:
        """The mildest anomaly of a customer, as the gateway lists it."""
        request = urllib.request.Request(
            f"{self.gateway}/api/customers/{customer}/usage/anomalies?page_size=1000",
            headers={"Authorization": f"Bearer {self.token()}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = json.load(answer)["anomalies"]
        rank = {"info": 0, "warning": 1, "critical": 2}
        return min(found, key=lambda one: rank.get(one["severity"], 3), default=None)

    def wait_for_deliveries(self) -> None:
        """Waits until nothing is left in the queues of classifier and notifier."""
        end = time.monotonic() + DELIVERY_SECONDS
        while time.monotonic() < end:
            if all(self.depth(name) == 0 for name in ("classifier", "notifier")):
                return
            time.sleep(0.25)
        print("demo: some notifications are still on their way", flush=True)

    def depth(self, name: str) -> float:
        """How many jobs a service has left, from its metrics."""
        program = next(one for one in self.programs if one.name == name)
        address = settings.admin_address(program.match.group())
        with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith("tidemark_workqueue_depth"))

    # Ending

    def stop(self) -> None:
        """Ends what was started, the last first; PostgreSQL, which was first, ends last."""
        for program in reversed(self.programs):
            program.stop(90 if program.name == "postgresql" else 30)
        (self.top / "client.yaml").unlink(missing_ok=True)
        shutil.rmtree(self.sockets, ignore_errors=True)
