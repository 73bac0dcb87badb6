"""Every method of ingest, called well and badly."""

from __future__ import annotations

import math
from collections.abc import Callable

from checks import Checks
from foreign import CallError, RawClient

FIRST_DAY = 20_089
SERVICE = "tidemark.v1.Ingest/"


def refused(
    checks: Checks, name: str, status: str, naming: str, call: Callable[[], object]
) -> None:
    """Checks the status of a refusal, and that its message names the thing."""
    try:
        answer = call()
    except CallError as error:
        checks.equal(f"{name}: status", error.status, status)
        checks.check(f"{name}: the message names it", naming in str(error), str(error))
    else:
        checks.check(f"{name}: is refused", False, answer)


def batch(proto, customer: str, metric: str, days: list[int], values: list[float], **fields):
    """Points of one series."""
    request = proto.PutPointsRequest(source="strangers", mode=proto.PUT_MODE_SET, **fields)
    request.points.customers.append(customer)
    request.points.metrics.append(metric)
    request.points.customer_index.extend([0] * len(days))
    request.points.metric_index.extend([0] * len(days))
    request.points.bucket.extend(FIRST_DAY + day for day in days)
    request.points.value.extend(values)
    return request


def check_ingest(checks: Checks, client: RawClient, proto) -> None:
    """The catalogue, the points, the watermark."""
    check_catalogue(checks, client, proto)
    check_points(checks, client, proto)
    check_bad_points(checks, client, proto)
    check_increments(checks, client, proto)
    check_reading(checks, client, proto)
    check_watermark(checks, client, proto)


def check_catalogue(checks: Checks, client: RawClient, proto) -> None:
    """Customers and metrics are made, changed, found, and refused by name."""
    def put(method: str, request):
        return client.call(SERVICE + method, request)

    customers = proto.PutCustomersRequest()
    customers.customers.add(
        external_id="acme", name="Acme GmbH", segment="large", owner="a@b.example")
    customers.customers.add(external_id="zeta", name="Zeta Ltd", segment="small")
    checks.equal("PutCustomers makes", put("PutCustomers", customers).created, 2)
    answer = put("PutCustomers", customers)
    checks.equal("PutCustomers again changes nothing", (answer.created, answer.changed), (0, 0))
    customers.customers[0].name = "Acme AG"
    checks.equal("PutCustomers changes", put("PutCustomers", customers).changed, 1)
    found = put("GetCustomer", proto.GetCustomerRequest(customer="acme")).customer
    checks.equal("GetCustomer finds by external id", found.name, "Acme AG")
    checks.equal("GetCustomer gives an id", len(found.id), 16)
    listed = put("ListCustomers", proto.ListCustomersRequest(segment="large")).customers
    checks.equal("ListCustomers filters", [c.external_id for c in listed], ["acme"])
    metrics = proto.PutMetricsRequest()
    for name in ("api_calls", "orders"):
        metrics.metrics.add(
            name=name, granularity=proto.GRANULARITY_DAY, kind=proto.METRIC_KIND_COUNT,
            polarity=proto.POLARITY_UP_IS_GOOD, unit="calls", display_name=name)
    answer = put("PutMetrics", metrics)
    checks.check("PutMetrics gives ids", all(m.id > 0 for m in answer.metrics), answer)
    listed = put("ListMetrics", proto.ListMetricsRequest()).metrics
    checks.equal("ListMetrics lists", sorted(m.name for m in listed), ["api_calls", "orders"])

    bad = proto.PutCustomersRequest()
    bad.customers.add(external_id="", name="Nobody")
    refused(checks, "a customer without id", "INVALID_ARGUMENT", "external_id",
            lambda: put("PutCustomers", bad))
    bad = proto.PutCustomersRequest()
    bad.customers.add(external_id="long", name="x" * 201)
    refused(checks, "a name of 201 bytes", "INVALID_ARGUMENT", "name",
            lambda: put("PutCustomers", bad))
    refused(checks, "an unknown customer", "NOT_FOUND", "nobody",
            lambda: put("GetCustomer", proto.GetCustomerRequest(customer="nobody")))
    bad = proto.PutMetricsRequest()
    bad.metrics.add(name="Not A Name", granularity=proto.GRANULARITY_DAY,
                    kind=proto.METRIC_KIND_COUNT)
    refused(checks, "a metric's name", "INVALID_ARGUMENT", "metrics[0].name",
            lambda: put("PutMetrics", bad))
    page = proto.ListCustomersRequest()
    page.page.page_size = -1
    refused(checks, "a negative page", "INVALID_ARGUMENT", "page_size",
            lambda: put("ListCustomers", page))
    page = proto.ListMetricsRequest()
    page.page.page_token = "nonsense"
    refused(checks, "a foreign page token", "INVALID_ARGUMENT", "page_token",
            lambda: put("ListMetrics", page))


def check_points(checks: Checks, client: RawClient, proto) -> None:
    """Set points: stored once, however often they are sent."""
    request = batch(proto, "acme", "api_calls", [0, 1, 2], [10, 20, 30])
    answer = client.call(SERVICE + "PutPoints", request)
    checks.equal("PutPoints stores", (answer.accepted, answer.changed), (3, 3))
    answer = client.call(SERVICE + "PutPoints", request)
    checks.equal("PutPoints again changes nothing", (answer.accepted, answer.changed), (3, 0))


def check_bad_points(checks: Checks, client: RawClient, proto) -> None:
    """A bad row refuses the batch, or is skipped and told of; nothing is half stored."""
    def put(request):
        return client.call(SERVICE + "PutPoints", request)

    cases = {
        "an unknown customer in a batch": ("nobody", "api_calls", [5], "nobody"),
        "an unknown metric in a batch": ("acme", "no_metric", [5], "no_metric"),
    }
    for label, (customer, metric, days, naming) in cases.items():
        refused(checks, label, "INVALID_ARGUMENT", naming,
                lambda c=customer, m=metric, d=days: put(batch(proto, c, m, d, [1.0])))
    for value in (math.nan, math.inf, -math.inf):
        request = batch(proto, "acme", "api_calls", [6, 7], [1.0, value])
        refused(checks, f"the value {value}", "INVALID_ARGUMENT", "row 1",
                lambda r=request: put(r))
    far = batch(proto, "acme", "api_calls", [6, 4_000_000], [1.0, 1.0])
    refused(checks, "a time far ahead", "INVALID_ARGUMENT", "row 1", lambda: put(far))
    uneven = batch(proto, "acme", "api_calls", [6, 7], [1.0])
    refused(checks, "columns of unequal length", "INVALID_ARGUMENT", "", lambda: put(uneven))
    beyond = batch(proto, "acme", "api_calls", [6], [1.0])
    beyond.points.customer_index[0] = 9
    refused(checks, "an index beyond its list", "INVALID_ARGUMENT", "", lambda: put(beyond))
    stored = client.call(SERVICE + "QueryPoints", proto.QueryPointsRequest(
        customer="acme", metric="api_calls", from_bucket=FIRST_DAY, to_bucket=FIRST_DAY + 50))
    checks.equal("nothing of a refused batch is stored", list(stored.value), [10, 20, 30])
    skip = batch(proto, "acme", "api_calls", [3, 4], [math.nan, 50.0],
                 fault_policy=proto.FAULT_POLICY_SKIP_ROWS)
    answer = put(skip)
    checks.equal("SKIP_ROWS stores the good row", (answer.accepted, answer.refused), (1, 1))
    checks.equal("SKIP_ROWS names the bad row", [f.row for f in answer.faults], [0])


def check_increments(checks: Checks, client: RawClient, proto) -> None:
    """Increments count once for each source and sequence."""
    request = batch(proto, "acme", "orders", [0, 0, 1], [2, 3, 4], sequence=1)
    request.mode = proto.PUT_MODE_INCREMENT
    client.call(SERVICE + "PutPoints", request)
    answer = client.call(SERVICE + "PutPoints", request)
    checks.check("a repeated sequence is known", answer.repeated_batch, answer)
    request.sequence = 2
    client.call(SERVICE + "PutPoints", request)
    stored = client.call(SERVICE + "QueryPoints", proto.QueryPointsRequest(
        customer="acme", metric="orders", from_bucket=FIRST_DAY, to_bucket=FIRST_DAY + 5))
    checks.equal("increments add up once", list(stored.value), [10, 8])
    request.sequence = 0
    refused(checks, "increments without sequence", "INVALID_ARGUMENT", "sequence",
            lambda: client.call(SERVICE + "PutPoints", request))


def check_reading(checks: Checks, client: RawClient, proto) -> None:
    """Points are read back by series; what is unknown is NOT_FOUND."""
    def query(**fields):
        values = {"customer": "acme", "metric": "api_calls", "from_bucket": FIRST_DAY,
                  "to_bucket": FIRST_DAY + 5, **fields}
        return client.call(SERVICE + "QueryPoints", proto.QueryPointsRequest(**values))

    checks.equal("QueryPoints reads", list(query().value), [10, 20, 30, 50])
    refused(checks, "points of an unknown customer", "NOT_FOUND", "nobody",
            lambda: query(customer="nobody"))
    refused(checks, "points of an unknown metric", "NOT_FOUND", "no_metric",
            lambda: query(metric="no_metric"))
    refused(checks, "a range backwards", "INVALID_ARGUMENT", "to_bucket",
            lambda: query(to_bucket=FIRST_DAY - 5))


def check_watermark(checks: Checks, client: RawClient, proto) -> None:
    """The watermark of all sources closes buckets; going back changes nothing."""
    request = proto.AdvanceWatermarkRequest(
        source="strangers", granularity=proto.GRANULARITY_DAY, through_bucket=FIRST_DAY + 1)
    answer = client.call(SERVICE + "AdvanceWatermark", request)
    checks.equal("AdvanceWatermark closes", answer.closed_through_bucket, FIRST_DAY + 1)
    answer = client.call(SERVICE + "AdvanceWatermark", request)
    checks.equal("AdvanceWatermark again closes nothing", answer.buckets_closed, 0)
    request.granularity = proto.GRANULARITY_UNSPECIFIED
    refused(checks, "a watermark of no granularity", "INVALID_ARGUMENT", "granularity",
            lambda: client.call(SERVICE + "AdvanceWatermark", request))
    seen = client.call(SERVICE + "GetCompleteness", proto.GetCompletenessRequest(
        granularity=proto.GRANULARITY_DAY))
    sources = [entry.source for entry in seen.sources]
    checks.equal("GetCompleteness names the source", sources, ["strangers"])
    checks.check("GetCompleteness counts", seen.any_closed and seen.series == 2, seen)


def put_history(client: RawClient, proto) -> None:
    """Ninety days of one series with a drop at their end, so that there is something to find."""
    days = list(range(90))
    values = [round(400 * (0.6 if day % 7 > 4 else 1.0) * (1 + 0.03 * math.sin(day * 2.7)))
              for day in days]
    values[84:] = [round(value * 0.1) for value in values[84:]]
    client.call(SERVICE + "PutPoints", batch(
        proto, "zeta", "api_calls", days, [float(value) for value in values]))
    client.call(SERVICE + "AdvanceWatermark", proto.AdvanceWatermarkRequest(
        source="strangers", granularity=proto.GRANULARITY_DAY, through_bucket=FIRST_DAY + 89))
