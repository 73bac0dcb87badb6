"""What a running house says of its decisions: explained, made again, and changed by settings."""

from __future__ import annotations

import datetime
import pathlib
import subprocess

from checks import Checks

DAY = datetime.timedelta(1)


def check_decisions(checks: Checks, live, rows: list[dict[str, str]],
                    binaries: pathlib.Path) -> None:
    """Explanations are those of the file, decisions those that were recorded."""
    check_explanations(checks, live, rows, binaries)
    check_replays(checks, live)
    check_sensitivity(checks, live, rows)
    check_rules(checks, live)


def series_rows(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The alarms of single series."""
    return [row for row in rows if "*" not in row["series_id"]]


def check_explanations(checks: Checks, live, rows: list[dict[str, str]],
                       binaries: pathlib.Path) -> None:
    """The house says of a day what the file of its points says."""
    history = live.history
    alarms = series_rows(rows)
    asked = [(row["series_id"], row["detected_at"]) for row in alarms[:3] + alarms[-2:]]
    first = min(row["date"] for row in history.rows)
    quiet = f"{history.rows[0]['customer']}/{history.rows[0]['metric']}"
    asked += [(quiet, history.last), (quiet, first), (quiet, history.outage)]
    asked += [("c003/logins", "2023-07-04")]
    for series, day in asked:
        customer, metric = series.split("/")
        words = ["explain", customer, metric, day]
        done = subprocess.run(
            [binaries / "tidemark", *words, "--points", history.points, "--customers",
             history.customers, "--metrics", history.metrics, "--holidays", history.calendar],
            capture_output=True, text=True)
        code, said = live.tidemark(*words)
        checks.check(
            f"{' '.join(words)}: the house says what the file says",
            code == done.returncode == 0 and said == done.stdout,
            f"live ({code}):\n{said[:1500]}\nfile:\n{done.stdout[:1500]}{done.stderr[:300]}")
    for words, expected in {
        ("nobody", "logins", history.last): "no customer nobody",
        ("c003", "nothing", history.last): "no metric nothing",
        ("c003", "logins", "2199-01-01"): "not closed yet",
    }.items():
        code, said = live.tidemark("explain", *words)
        checks.check(f"explain tells {expected}", code == 1 and expected in said, said)


def check_replays(checks: Checks, live) -> None:
    """Every decision is the same again, and one that was changed is not."""
    house = live.house
    told = "scope <> 3 AND revision > 0 AND standing = 1"
    lost = house.psql(
        f"SELECT count(*) FROM classifier.anomaly WHERE {told} AND NOT EXISTS"
        " (SELECT FROM classifier.decision WHERE anomaly_id = anomaly.id)", house.database)
    checks.equal("a decision stands behind each anomaly", int(lost), 0)
    ids = house.psql(
        f"SELECT id FROM classifier.anomaly WHERE {told} ORDER BY severity DESC, id LIMIT 6",
        house.database).split()
    for anomaly in ids:
        code, said = live.tidemark("replay", anomaly)
        checks.check("a decision is the same again", code == 0 and "byte for byte" in said, said)
    house.psql(
        "UPDATE classifier.decision SET record = replace(record, '\"scale\":1', '\"scale\":2')"
        f" WHERE anomaly_id = '{ids[0]}'", house.database)
    code, said = live.tidemark("replay", ids[0])
    checks.check("a record that was changed is told", code == 1 and "scale: was 2" in said, said)
    code, said = live.tidemark("replay", "00000000-0000-0000-0000-000000000001")
    checks.check("an unknown anomaly is told", code == 1 and "no anomaly" in said, said)


def check_sensitivity(checks: Checks, live, rows: list[dict[str, str]]) -> None:
    """What is set for a customer changes what its next day raises, and nobody else's."""
    history = live.history
    late = (datetime.date.fromisoformat(history.last) - 40 * DAY).isoformat()
    troubled = {row["series_id"].split("/")[0] for row in rows if row["end"] >= late}
    calm = [name for name in sorted({row["customer"] for row in history.rows})
            if name not in troubled]
    checks.check("two customers are calm at the end", len(calm) >= 2, f"{calm}")
    last = datetime.date.fromisoformat(history.last)
    week = [row for row in history.rows
            if row["date"] > (last - 7 * DAY).isoformat() and row["customer"] in calm]
    # The most that any of them does, so that the lack of it is no matter of chance.
    busiest = sorted((row for row in week if row["metric"] not in ("health_score", "revenue")),
                     key=lambda row: -float(row["value"]))
    metric = busiest[0]["metric"]
    names = dict.fromkeys(row["customer"] for row in busiest if row["metric"] == metric)
    cautious, other = list(names)[:2]
    code, said = live.tidemark("sensitivity", "set", "10", "--customer", cautious, "--by", "Ada")
    checks.check("a sensitivity is set", code == 0 and "next scan" in said, said)
    code, said = live.tidemark("sensitivity", "list")
    checks.check("it is listed with who set it", f"customer {cautious}  10  by Ada" in said, said)
    days = {(last + (count - 7) * DAY).isoformat(): (last + count * DAY).isoformat()
            for count in range(1, 5)}
    points = history.write("next.csv", "customer,metric,date,value", [
        f"{row['customer']},{row['metric']},{days[row['date']]},"
        f"{float(row['value']) * (0.05 if row['metric'] == metric else 1):.0f}"
        for row in week if row["date"] in days and row["customer"] in (cautious, other)])
    end = max(days.values())
    live.judge(points, end)
    said = {name: live.tidemark("explain", name, metric, end)[1] for name in (cautious, other)}
    checks.check("the cautious customer's drop is not raised",
                 said[cautious].startswith("Nothing was raised")
                 and f"10 (set for customer:{cautious})" in said[cautious], said[cautious][:800])
    checks.check("the other's is", said[other].startswith(("Raised: ", "Nothing new was raised: "))
                 and "FIRED" in said[other], said[other][:800])
    known = (last - datetime.date(1970, 1, 1)).days
    raised = live.house.psql(
        "SELECT external_id FROM classifier.anomaly JOIN ingest.customer USING (customer_id)"
        f" WHERE metric_name = '{metric}' AND start_bucket > {known}",
        live.house.database)
    checks.equal("one of both has an anomaly", raised.split(), [other])
    code, said = live.tidemark("sensitivity", "remove", "--customer", cautious)
    checks.check("a sensitivity is removed", code == 0 and said.startswith("removed"), said)
    code, said = live.tidemark("sensitivity", "set", "2", "--customer", "nobody")
    checks.check("a customer that nobody knows is noted",
                 code == 0 and "there is no customer nobody yet" in said, said)
    code, said = live.tidemark("sensitivity", "set", "11")
    checks.check("a scale out of range is refused", code == 2 and "0.1 to 10" in said, said)


def check_rules(checks: Checks, live) -> None:
    """Static rules are added, imported, listed and removed."""
    path = live.history.write(
        "rules.csv", "name,comparison,metric,threshold,scope",
        ["floor,below,logins,5,", "floor,below,logins,2,customer:c003"])
    code, said = live.tidemark("rules", "import", path)
    checks.check("rules are imported", code == 0 and "2 new" in said, said)
    code, said = live.tidemark(
        "rules", "add", "--name", "cap", "--comparison", "above", "--threshold", "9000",
        "--metric", "logins", "--severity", "critical")
    checks.check("a rule is added", code == 0 and said.startswith("new: cap  all"), said)
    code, said = live.tidemark("rules", "list")
    checks.check("rules are listed, the shipped ones too", code == 0 and all(
        words in said for words in (
            "floor  customer c003  metric logins  below  threshold 2", "cap  all",
            "health_drop  all", "shipped")), said)
    code, said = live.tidemark("rules", "remove", "floor", "--scope", "customer:c003")
    checks.check("a rule is removed", code == 0 and said.startswith("removed: floor"), said)
    code, said = live.tidemark("rules", "remove", "floor", "--scope", "customer:c003")
    checks.check("what is not there is told", code == 1 and "no rule was set" in said, said)
    code, said = live.tidemark("rules", "add", "--name", "cap", "--comparison", "sinks")
    checks.check("an unknown comparison is told", code == 2 and "sinks" in said, said)
