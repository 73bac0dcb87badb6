"""What the demo says."""

from __future__ import annotations

RULE = "-" * 78


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


def count_files(folder) -> int:
    """How many messages a receiver has kept."""
    return sum(1 for path in folder.glob("*") if path.is_file()) if folder.exists() else 0


def summary(house, manifest: dict) -> str:
    """Where everything is and how it is called; each line can be pasted."""
    token = house.token()
    customer, anomaly = house.example(manifest["example_customer"])
    lines = [
        f"The gateway listens on {house.gateway}. Its three product endpoints:",
        "",
        f"  curl -H 'Authorization: Bearer {token}' "
        f"'{house.gateway}/api/customers/{customer}/usage/anomalies'",
        f"  curl -X POST -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' "
        f"-d '{{}}' '{house.gateway}/api/analytics/anomalies/scan'",
    ]
    if anomaly:
        lines.append(
            f"  curl -X PUT -H 'Authorization: Bearer {token}' "
            "-H 'Content-Type: application/json' -d '{\"reason\": \"planned\"}' "
            f"'{house.gateway}/api/analytics/anomalies/{anomaly['id']}/dismiss'")
    lines += [
        "",
        f"Mail was received by an SMTP server on 127.0.0.1:{house.mail['port']}: "
        f"{count_files(house.mail['folder']):,} messages in {house.mail['folder']}",
        f"PagerDuty events were received by a local endpoint that holds them against the rules of "
        f"Events API v2, on 127.0.0.1:{house.events['port']}: "
        f"{count_files(house.events['folder']):,} events in {house.events['folder']}",
        "",
        "The same by RPC:           "
        f"{house.binaries}/tidemark rpc {house.url('gateway')} list",
        f"All six in one process:    {house.binaries}/tidemark up   (after the demo has ended)",
    ]
    return "\n".join(lines)
