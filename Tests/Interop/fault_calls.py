"""The calls of the fault test, from a foreign client: retried where the answer may be lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from fault_data import DAYS, FIRST_DAY, INCREMENT_METRIC, METRICS, Batch, Plan
from house import House
from foreign import CallError, Client, messages

CALL_SECONDS = 4.0
RETRY_SECONDS = 60.0
# After these the work may or may not have been done; every method may be repeated.
UNSURE = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "RESOURCE_EXHAUSTED", "ABORTED"}


class Interrupted(Exception):
    """No answer came, or one that asks to try again."""


class Calls:
    """One client for each thread and service."""

    def __init__(self, house: House, caller: str) -> None:
        self.house, self.caller = house, caller
        self.local = threading.local()
        self.proto = messages()

    def call(self, service: str, method: str, request: object) -> object:
        """One call; `Interrupted` where it should be made again."""
        clients = self.local.__dict__.setdefault("clients", {})
        if service not in clients:
            clients[service] = Client(
                self.house.url(service), self.caller, str(self.house.key(self.caller)), service)
        try:
            name = f"tidemark.v1.{service.title()}/{method}"
            return clients[service].call(name, request, seconds=CALL_SECONDS)
        except CallError as error:
            if error.status in UNSURE:
                raise Interrupted(f"{name}: {error}") from error
            raise

    def retry(self, work: Callable[[], object], seconds: float = RETRY_SECONDS) -> object:
        """Does something until it is answered."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return work()
            except Interrupted:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def sure(self, service: str, method: str, request: object) -> object:
        """One call, made until it is answered."""
        return self.retry(lambda: self.call(service, method, request))

    # What the test does

    def put_catalogue(self, plan: Plan) -> None:
        """Makes the customers and the metrics."""
        proto = self.proto
        customers = proto.PutCustomersRequest()
        for index in range(plan.customers):
            customers.customers.add(
                external_id=plan.customer_id(index), name=f"Customer {index}",
                segment=("small", "large")[index % 2], owner="csm@example.org")
        self.sure("ingest", "PutCustomers", customers)
        metrics = proto.PutMetricsRequest()
        for name in METRICS:
            metrics.metrics.add(
                name=name, granularity=proto.GRANULARITY_DAY, kind=proto.METRIC_KIND_COUNT,
                polarity=proto.POLARITY_UP_IS_GOOD, unit="pieces",
                display_name=name.replace("_", " "))
        self.sure("ingest", "PutMetrics", metrics)

    def put_points(self, plan: Plan, batch: Batch) -> object:
        """Sends one batch once."""
        proto = self.proto
        request = proto.PutPointsRequest(source=batch.source, sequence=batch.sequence)
        request.mode = proto.PUT_MODE_INCREMENT if batch.is_increment else proto.PUT_MODE_SET
        points = request.points
        names = sorted({row[0] for row in batch.rows})
        position = {name: index for index, name in enumerate(names)}
        points.customers.extend(plan.customer_id(name) for name in names)
        points.metrics.extend(METRICS)
        points.customer_index.extend(position[row[0]] for row in batch.rows)
        points.metric_index.extend(row[1] for row in batch.rows)
        points.bucket.extend(FIRST_DAY + row[2] for row in batch.rows)
        points.value.extend(row[3] for row in batch.rows)
        return self.call("ingest", "PutPoints", request)

    def points(self, plan: Plan, customer: int, metric: str) -> dict[int, float]:
        """What is stored of one series, by day of the plan."""
        request = self.proto.QueryPointsRequest(
            customer=plan.customer_id(customer), metric=metric, from_bucket=FIRST_DAY - 10,
            to_bucket=FIRST_DAY + DAYS + 10)
        answer = self.sure("ingest", "QueryPoints", request)
        days = [bucket - FIRST_DAY for bucket in answer.bucket]
        return dict(zip(days, answer.value, strict=True))

    def close_buckets(self, plan: Plan) -> None:
        """Says for each source that all has been sent."""
        for index in range(plan.sources):
            request = self.proto.AdvanceWatermarkRequest(
                source=plan.source(index), granularity=self.proto.GRANULARITY_DAY,
                through_bucket=FIRST_DAY + DAYS - 1)
            self.sure("ingest", "AdvanceWatermark", request)

    def start_scan(self, operation: bytes = b"\x01" * 16) -> bytes:
        """Starts a scan of everything that tells people of history too."""
        request = self.proto.StartScanRequest(
            granularity=self.proto.GRANULARITY_DAY, notify_history=True, operation_id=operation)
        return self.sure("baseline", "StartScan", request).run_id

    def get_scan(self, run: bytes) -> object:
        """How far a scan is."""
        return self.call("baseline", "GetScan", self.proto.GetScanRequest(run_id=run))

    def is_complete(self, report: object) -> bool:
        """Whether a scan has ended well."""
        return report.state == self.proto.SCAN_STATE_COMPLETED

    def is_ended(self, report: object) -> bool:
        """Whether a scan does nothing any more."""
        return report.state != self.proto.SCAN_STATE_RUNNING and report.ended_unix_us != 0

    def wait_for_scan(self, run: bytes, seconds: float) -> object:
        """The last report of a scan."""
        deadline = time.monotonic() + seconds
        while True:
            report = self.retry(lambda: self.get_scan(run))
            if self.is_ended(report) or time.monotonic() > deadline:
                return report
            time.sleep(0.05)

    def anomalies(self) -> Iterator[object]:
        """All anomalies, page by page."""
        request = self.proto.ListAnomaliesRequest()
        yield from self.pages("classifier", "ListAnomalies", request, "anomalies")

    def deliveries(self) -> Iterator[object]:
        """The whole log of sends and non-sends."""
        request = self.proto.ListDeliveriesRequest()
        yield from self.pages("notifier", "ListDeliveries", request, "deliveries")

    def pages(self, service: str, method: str, request, field: str) -> Iterator[object]:
        """The entries of a list over all of its pages."""
        request.page.page_size = 500
        while True:
            answer = self.sure(service, method, request)
            yield from getattr(answer, field)
            if not answer.next_page_token:
                return
            request.page.page_token = answer.next_page_token


__all__ = ["Calls", "INCREMENT_METRIC", "Interrupted"]
