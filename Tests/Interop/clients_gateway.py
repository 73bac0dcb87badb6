"""Every method of the gateway's RPC, called well and badly."""

from __future__ import annotations

import time

from checks import Checks
from clients_ingest import refused
from foreign import CallError, RawClient

SERVICE = "tidemark.v1.Gateway/"
SCAN_SECONDS = 60


def check_gateway(checks: Checks, client: RawClient, proto, token: str) -> None:
    """Lists, scans, dismisses; and refuses by name."""
    bearer = {"authorization": f"Bearer {token}"}

    def call(method: str, request, **metadata: str):
        return client.call(SERVICE + method, request, **(metadata or bearer))

    operation = check_scan(checks, call, proto)
    request = proto.ListCustomerAnomaliesRequest(customer="zeta")
    answer = call("ListCustomerAnomalies", request)
    found = checks.check("the drop is listed", len(answer.anomalies) >= 1, answer)
    if found:
        check_anomaly(checks, call, proto, answer.anomalies[0])
    quiet = call("ListCustomerAnomalies", proto.ListCustomerAnomaliesRequest(customer="acme"))
    checks.equal("a quiet customer has none", len(quiet.anomalies), 0)
    check_refusals(checks, call, proto, operation)


def check_scan(checks: Checks, call, proto) -> bytes:
    """A scan runs to its end, once for a key."""
    request = proto.ScanAnomaliesRequest(
        granularity=proto.GRANULARITY_DAY, idempotency_key="strangers-1")
    first = call("ScanAnomalies", request).operation_id
    again = call("ScanAnomalies", request).operation_id
    checks.equal("the same key answers with the same operation", again, first)
    deadline = time.monotonic() + SCAN_SECONDS
    while True:
        operation = call("GetOperation", proto.GetOperationRequest(operation_id=first))
        if operation.done or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    checks.check("the scan is done", operation.done and operation.progress == 1, operation)
    checks.equal("no series failed", operation.series_failed, 0)
    return first


def check_anomaly(checks: Checks, call, proto, anomaly) -> None:
    """What is said of an anomaly is whole, and a person's word on it is kept."""
    checks.equal("it names the customer", anomaly.customer.external_id, "zeta")
    checks.equal("it names the metric", anomaly.metric.name, "api_calls")
    checks.check(
        "it tells seen and normal", 0 < anomaly.actual_value < anomaly.baseline_value, anomaly)
    checks.check("its deviation is negative", anomaly.deviation_percent < -50, anomaly)
    checks.check("it says it in words", "%" in anomaly.summary and anomaly.actions, anomaly)
    request = proto.DismissAnomalyRequest(
        anomaly_id=anomaly.id, reason="planned", comment="they told us")
    first = call("DismissAnomaly", request).anomaly
    checks.equal("it is dismissed", first.state, proto.ANOMALY_STATE_DISMISSED)
    second = call("DismissAnomaly", request).anomaly
    checks.equal(
        "a second dismissal changes nothing", second.dismissed_unix_us, first.dismissed_unix_us)
    listed = call("ListCustomerAnomalies", proto.ListCustomerAnomaliesRequest(
        customer="zeta", states=[proto.ANOMALY_STATE_DISMISSED]))
    checks.check(
        "the filter by state finds it", anomaly.id in [a.id for a in listed.anomalies], listed)


def check_refusals(checks: Checks, call, proto, operation: bytes) -> None:
    """Bad calls, each with its status and a message that names the thing."""
    listing = proto.ListCustomerAnomaliesRequest
    refused(checks, "anomalies of an unknown customer", "NOT_FOUND", "nobody",
            lambda: call("ListCustomerAnomalies", listing(customer="nobody")))
    refused(checks, "anomalies of no customer", "INVALID_ARGUMENT", "customer",
            lambda: call("ListCustomerAnomalies", listing()))
    page = listing(customer="zeta")
    page.page.page_size = -1
    refused(checks, "a negative page", "INVALID_ARGUMENT", "page_size",
            lambda: call("ListCustomerAnomalies", page))
    page = listing(customer="zeta")
    page.page.page_token = "nonsense"
    refused(checks, "a foreign page token", "INVALID_ARGUMENT", "page_token",
            lambda: call("ListCustomerAnomalies", page))
    refused(checks, "an anomaly that is not there", "NOT_FOUND", "",
            lambda: call("DismissAnomaly", proto.DismissAnomalyRequest(
                anomaly_id=bytes(range(16)), reason="x")))
    refused(checks, "an id of three bytes", "INVALID_ARGUMENT", "anomaly_id",
            lambda: call("DismissAnomaly", proto.DismissAnomalyRequest(
                anomaly_id=b"abc", reason="x")))
    refused(checks, "an operation that is not there", "NOT_FOUND", "",
            lambda: call("GetOperation", proto.GetOperationRequest(operation_id=bytes(range(16)))))
    bearers = {"no bearer token": "", "an unknown bearer token": "Bearer tm_nonsense"}
    for label, value in bearers.items():
        methods = {
            "ListCustomerAnomalies": listing(customer="zeta"),
            "ScanAnomalies": proto.ScanAnomaliesRequest(),
            "DismissAnomaly": proto.DismissAnomalyRequest(anomaly_id=bytes(16), reason="x"),
            "GetOperation": proto.GetOperationRequest(operation_id=operation),
        }
        for method, request in methods.items():
            try:
                call(method, request, authorization=value)
                status = "OK"
            except CallError as error:
                status = error.status
            checks.equal(f"{method} with {label}", status, "UNAUTHENTICATED")
