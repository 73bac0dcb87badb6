"""What must hold after the fault test: points, anomalies and notifications, each there once."""

from __future__ import annotations

import collections
import uuid

from checks import Checks
from fault_calls import Calls
from fault_data import FIRST_DAY, METRICS, Plan
from fault_ledger import Ledger
from house_sinks import Sinks


def wanted_points(plan: Plan, ledger: Ledger) -> dict[tuple[int, int], dict[int, float]]:
    """By series and day what the acknowledged batches add up to."""
    acknowledged = ledger.acknowledged()
    wanted: dict[tuple[int, int], dict[int, float]] = collections.defaultdict(dict)
    for index in range(plan.sources):
        for batch in plan.batches(index):
            if (batch.source, batch.sequence) not in acknowledged:
                continue
            for customer, metric, day, value in batch.rows:
                days = wanted[customer, metric]
                days[day] = days.get(day, 0.0) + value if batch.is_increment else value
    return wanted


def verify_points(checks: Checks, calls: Calls, plan: Plan, ledger: Ledger) -> None:
    """Every acknowledged point is there, with its exact value, and no other."""
    wanted = wanted_points(plan, ledger)
    checks.equal("every batch was acknowledged", sum(map(len, wanted.values())), plan.points)
    lost, wrong, extra = [], [], []
    for customer in range(plan.customers):
        for metric, name in enumerate(METRICS):
            stored = calls.points(plan, customer, name)
            expected = wanted[customer, metric]
            series = f"{plan.customer_id(customer)}/{name}"
            for day, value in expected.items():
                if day not in stored:
                    lost.append(f"{series} day {day}")
                elif stored[day] != value:
                    wrong.append(f"{series} day {day}: {stored[day]} not {value}")
            extra += [f"{series} day {day}" for day in stored if day not in expected]
    checks.check("no acknowledged point is lost", not lost, f"{len(lost)}: {lost[:5]}")
    checks.check("every value and sum is exact", not wrong, f"{len(wrong)}: {wrong[:5]}")
    checks.check("no point is there that was not sent", not extra, f"{len(extra)}: {extra[:5]}")
    print(f"  points: {plan.points} wanted, {len(lost)} lost, {len(wrong)} wrong", flush=True)


def verify_anomalies(checks: Checks, calls: Calls, plan: Plan) -> list[object]:
    """One anomaly for each planted drop, and none twice."""
    anomalies = list(calls.anomalies())
    ids = collections.Counter(anomaly.id for anomaly in anomalies)
    checks.equal("each anomaly is listed once", [i for i, n in ids.items() if n > 1], [])
    intervals = collections.Counter(
        (a.customer.external_id, a.metric.name, a.start_bucket, a.end_bucket) for a in anomalies)
    twice = [key for key, count in intervals.items() if count > 1]
    checks.equal("each series and interval has one anomaly", twice, [])
    found = collections.defaultdict(list)
    for anomaly in anomalies:
        found[anomaly.customer.external_id, anomaly.metric.name].append(anomaly)
    missed, split = [], []
    for customer, metric, days in plan.planted():
        first, last = FIRST_DAY + days[0], FIRST_DAY + days[-1]
        name = (plan.customer_id(customer), METRICS[metric])
        hits = [a for a in found[name] if a.start_bucket <= last and a.end_bucket >= first]
        if not hits:
            missed.append(name)
        # A drop is one anomaly; its end may be a rise for a weekly window, which is another type.
        kinds = collections.Counter(a.type for a in hits)
        if any(count > 1 for count in kinds.values()):
            split.append((name, [(a.type, a.start_bucket, a.end_bucket) for a in hits]))
    checks.check("each planted drop is found", not missed, f"{len(missed)}: {missed[:5]}")
    checks.check("no drop is raised twice", not split, f"{len(split)}: {split[:3]}")
    print(
        f"  anomalies: {len(anomalies)}, of {len(plan.planted())} planted {len(missed)} missed",
        flush=True)
    return anomalies


def verify_notifications(
    checks: Checks, calls: Calls, sinks: Sinks, anomalies: list[object], kills: int
) -> None:
    """Each change was delivered, under one key an anomaly; raw repeats are few and counted."""
    proto = calls.proto
    deliveries = list(calls.deliveries())
    keys = collections.Counter(
        (d.anomaly_id, d.revision, d.kind, d.receiver) for d in deliveries)
    twice = [key for key, count in keys.items() if count > 1]
    checks.equal("each change has one delivery a receiver", twice, [])
    ended = {proto.DELIVERY_STATE_SENT, proto.DELIVERY_STATE_SKIPPED,
             proto.DELIVERY_STATE_WITHOUT_ROUTE}
    open_ones = [(d.receiver, d.state, d.reason) for d in deliveries if d.state not in ended]
    checks.check("every delivery has ended", not open_ones, open_ones[:5])
    told = {d.anomaly_id for d in deliveries}
    untold = [a.summary for a in anomalies if a.id not in told]
    checks.check("every anomaly was handed to the notifier", not untold, untold[:5])
    dedup = collections.defaultdict(set)
    for delivery in deliveries:
        if delivery.deduplication_key:
            dedup[delivery.anomaly_id, delivery.receiver].add(delivery.deduplication_key)
    many = [key for key, values in dedup.items() if len(values) > 1]
    checks.equal("each anomaly has one deduplication key a receiver", many, [])
    verify_received(checks, sinks, deliveries, proto, kills)


def wire_key(proto, delivery) -> tuple[str, str]:
    """The way of a delivery and the key that its message carries."""
    if delivery.receiver_kind == "email":
        return "email", str(uuid.UUID(bytes=delivery.id))
    opens = {proto.ANOMALY_CHANGE_KIND_OPENED, proto.ANOMALY_CHANGE_KIND_CHANGED,
             proto.ANOMALY_CHANGE_KIND_REOPENED}
    action = "trigger" if delivery.kind in opens else "resolve"
    return delivery.receiver_kind, f"{delivery.deduplication_key} {action}"


def verify_received(checks: Checks, sinks: Sinks, deliveries, proto, kills: int) -> None:
    """What arrived is what was sent; a repeat comes only from a kill between send and note."""
    sent = collections.Counter(
        wire_key(proto, d) for d in deliveries if d.state == proto.DELIVERY_STATE_SENT)
    arrived = collections.Counter((entry.kind, entry.key) for entry in sinks.received())
    missing = [key for key, count in sent.items() if arrived[key] < count]
    unknown = [key for key in arrived if key not in sent]
    repeats = sum(max(0, arrived[key] - count) for key, count in sent.items())
    checks.check("something was sent", bool(sent), deliveries[:3])
    checks.check("all that was sent has arrived", not missing, missing[:5])
    checks.check("nothing arrived that the log does not know", not unknown, unknown[:5])
    checks.check("at most one repeat a kill", repeats <= kills, f"{repeats} of {kills} kills")
    checks.equal("no event breaks PagerDuty's rules", sinks.faults(), [])
    print(
        f"  notifications: {sum(sent.values())} sent, {arrived.total()} received,"
        f" {repeats} raw repeats", flush=True)
