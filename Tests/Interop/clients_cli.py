"""The command line against a house that runs apart: calls, imports, and what it refuses."""

from __future__ import annotations

import json
import pathlib
import subprocess

from checks import Checks
from house import House

FIRST_DAY = "2025-06-01"
CATALOGUE = "metric,granularity,kind,polarity,decimal_places,unit,display_name\n"


class CommandLine:
    """`tidemark` as the caller `client`, with its own settings file."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.config = house.folder / "client.yaml"
        settings: dict[str, object] = {
            f"{name}-url": [house.url(name)]
            for name in ("ingest", "baseline", "classifier", "notifier", "gateway")
        }
        settings["caller-key-file"] = str(house.key("client"))
        self.config.write_text(
            "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items()))

    def __call__(self, *words: object) -> tuple[int, str]:
        """The exit code and all that was printed."""
        done = subprocess.run(
            [self.house.binaries / "tidemark", *map(str, words), "--config", self.config],
            capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def file(self, name: str, text: str | bytes) -> pathlib.Path:
        """A file in the house's folder."""
        path = self.house.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


def check_command_line(checks: Checks, house: House) -> None:
    """Calls of any method, files well and badly formed."""
    tidemark = CommandLine(house)
    check_calls(checks, tidemark, house.url("ingest"))
    check_import(checks, tidemark)
    check_bad_files(checks, tidemark)
    check_calendar(checks, tidemark)
    code, said = tidemark("anomalies", "zeta", "--all")
    checks.check("tidemark anomalies shows the drop", code == 0 and "Zeta Ltd" in said, said)


def check_calls(checks: Checks, tidemark: CommandLine, url: str) -> None:
    """`tidemark rpc`, as people use grpcurl."""
    code, said = tidemark("rpc", url, "list")
    checks.check("rpc list shows methods", code == 0 and "tidemark.v1.Ingest/PutPoints" in said,
                 said)
    call = "tidemark.v1.Ingest/GetCustomer"
    code, said = tidemark("rpc", url, call, '{"customer": "acme"}')
    checks.check("rpc calls a method", code == 0 and "Acme AG" in said, said)
    code, said = tidemark("rpc", url, call, '{"customer": "nobody"}')
    checks.check("rpc tells a refusal", code == 1 and "nobody" in said, f"{code}: {said}")
    code, said = tidemark("rpc", url, call, '{"custmer": "acme"}')
    checks.check("rpc names an unknown field", code != 0 and "custmer" in said, f"{code}: {said}")
    code, said = tidemark("rpc", url, call, '{"customer": ')
    checks.check("rpc refuses broken JSON", code != 0, f"{code}: {said}")
    code, said = tidemark("rpc", url, "tidemark.v1.Ingest/NoSuchMethod", "{}")
    checks.check("rpc names an unknown method", code != 0 and "NoSuchMethod" in said,
                 f"{code}: {said}")


def check_import(checks: Checks, tidemark: CommandLine) -> None:
    """A file is stored once, however often it is sent."""
    customers = tidemark.file("customers.csv", "external_id,name,segment\ncsv,Csv Inc,small\n")
    metrics = tidemark.file("metrics.csv", CATALOGUE + "visits,day,count,up,0,visits,visits\n")
    points = tidemark.file("points.csv", "customer,metric,date,value\n" + "".join(
        f"csv,visits,2025-06-{day:02},{100 + day}\n" for day in range(1, 31)))
    words = ("import", points, "--customers", customers, "--metrics", metrics)
    for attempt in ("", " again"):
        code, said = tidemark(*words)
        checks.check(f"import takes a file{attempt}", code == 0, f"{code}: {said}")
    query = {"customer": "csv", "metric": "visits", "from_bucket": 20_200, "to_bucket": 20_400}
    code, said = tidemark(
        "rpc", tidemark.house.url("ingest"), "tidemark.v1.Ingest/QueryPoints", json.dumps(query))
    stored = json.loads(said).get("value", []) if code == 0 else said
    checks.equal("import stores every point once", stored, [100 + day for day in range(1, 31)])


def check_calendar(checks: Checks, tidemark: CommandLine) -> None:
    """Holidays from a file and an event by hand are kept by baseline until they are removed."""
    path = tidemark.file("holidays.ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:may\r\n"
                         "DTSTART;VALUE=DATE:20200501\r\nSUMMARY:Labour\r\n  Day\r\n"
                         "RRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    for news in ("2 new", "0 new"):
        code, said = tidemark("calendar", "import", path, "--region", "EU", "--years", "2026-2027")
        checks.check(f"calendar import tells {news}", code == 0 and news in said, said)
    code, said = tidemark("calendar", "add", "--name", "Move", "--from", "2026-11-27",
                          "--to", "2026-11-30", "--customer", "acme", "--expect", "-40%")
    checks.check("calendar add makes an entry", code == 0 and said.startswith("new: "), said)
    entry = said.removeprefix("new: ").split("  ")[0]
    code, said = tidemark("calendar", "list", "--from", "2026-01-01", "--to", "2026-12-31")
    checks.check("calendar list shows what there is of the year",
                 code == 0 and "Labour Day" in said and "Move" in said and "2027" not in said, said)
    code, said = tidemark("calendar", "remove", entry, "EU/may/2026", "EU/may/2027")
    checks.check("calendar remove ends entries", code == 0 and "removed 3 of 3" in said, said)
    code, said = tidemark("calendar", "list")
    checks.check("calendar list is empty then", code == 0 and "no such entry" in said, said)


def check_bad_files(checks: Checks, tidemark: CommandLine) -> None:
    """Each fault is told with its line or its file, and good rows beside it are stored."""
    good = f"csv,visits,{FIRST_DAY},101\n"
    rows = {
        "an unknown customer": ("nobody,visits,2025-06-02,1\n", "nobody"),
        "an unknown metric": ("csv,no_metric,2025-06-02,1\n", "no_metric"),
        "no number": ("csv,visits,2025-06-02,many\n", "many"),
        "not a number": ("csv,visits,2025-06-02,nan\n", "3"),
        "no date": ("csv,visits,yesterday,1\n", "yesterday"),
        "too few columns": ("csv,visits\n", "3"),
        "an open quote": ('csv,"visits,2025-06-02,1\n', "3"),
        "no UTF-8": (b"csv,vis\xff\xfe,2025-06-02,1\n", "3"),
        "a NUL": (b"csv,vis\x00its,2025-06-02,1\n", "3"),
    }
    for label, (row, naming) in rows.items():
        row = row.encode() if isinstance(row, str) else row
        path = tidemark.file("bad.csv", b"customer,metric,date,value\n" + good.encode() + row)
        code, said = tidemark("import", path)
        checks.check(f"import with {label}: line 3 is named", naming in said and "3" in said,
                     f"{code}: {said}")
    code, said = tidemark("import", tidemark.house.folder / "missing.csv")
    checks.check("import of a missing file names it", code != 0 and "missing.csv" in said, said)
    path = tidemark.file("header.csv", "customer,value\n")
    code, said = tidemark("import", path)
    checks.check("import without a column names it", code != 0 and "metric" in said, said)
    path = tidemark.file("lines.ndjson", '{"customer": "csv"\n')
    code, said = tidemark("import", path)
    checks.check("import of broken JSON names the line", "1" in said, said)
