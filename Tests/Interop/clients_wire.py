"""The envelope: who calls, until when, and frames that are not frames."""

from __future__ import annotations

import base64
import pathlib
import struct
import subprocess
import tempfile
import time

from checks import Checks
from foreign import RawClient, crc32c, pack
from house import House

# A call that is right in itself, whatever the service holds.
METHODS = {"ingest": "tidemark.v1.Ingest/ListMetrics", "gateway": "tidemark.v1.Meta/Check"}


def token(caller: str, audience: str, expiry: int, key: pathlib.Path) -> str:
    """A token as anyone with a key could make one."""
    text = f"t1.{caller}.{audience}.{expiry}"
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        signature = subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file.name],
            check=True, capture_output=True).stdout
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def check_identity(checks: Checks, name: str, client: RawClient, house: House) -> None:
    """Only a token of a trusted caller, for this service and for now, is good."""
    method = METHODS[name] if name == "ingest" else "tidemark.v1.Gateway/GetOperation"
    now = int(time.time())
    mine = house.key(client.caller)
    stranger = house.folder / "unknown.key"
    if not stranger.exists():
        subprocess.run(
            ["openssl", "genpkey", "-algorithm", "ed25519", "-out", stranger], check=True,
            capture_output=True)
    good = token(client.caller, name, now + 60, mine)
    bad = {
        "no token": "",
        "a token that is none": "t1.nonsense",
        "a token for another service": token(client.caller, "notifier", now + 60, mine),
        "an expired token": token(client.caller, name, now - 60, mine),
        "a token that lasts too long": token(client.caller, name, now + 86_400, mine),
        "a token of another key": token(client.caller, name, now + 60, stranger),
        "a token of an unknown caller": token("nobody", name, now + 60, stranger),
        "a changed token": good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
    }
    for label, text in bad.items():
        status = client.refused(method, caller_token=text)
        checks.equal(f"{name}: {label} is refused", status, "UNAUTHENTICATED")


def check_header(checks: Checks, name: str, client: RawClient) -> None:
    """Deadlines and methods."""
    method = METHODS[name]
    checks.equal(f"{name}: a good call is answered", client.refused(method), "OK")
    past = int((time.time() - 5) * 1e6)
    status = client.refused(method, deadline_unix_us=past)
    checks.equal(f"{name}: an expired deadline is refused", status, "DEADLINE_EXCEEDED")
    status = client.refused(method, deadline_unix_us=0)
    checks.equal(f"{name}: no deadline is refused", status, "INVALID_ARGUMENT")
    status = client.refused(f"tidemark.v1.{name.title()}/NoSuchMethod")
    checks.equal(f"{name}: an unknown method is refused", status, "UNIMPLEMENTED")
    status = client.refused("tidemark.v1.NoSuchService/Call")
    checks.equal(f"{name}: an unknown service is refused", status, "UNIMPLEMENTED")
    status = client.refused("")
    checks.check(
        f"{name}: no method is refused", status in ("UNIMPLEMENTED", "INVALID_ARGUMENT"), status)
    status = client.refused(method, b"\xff\xff\xff\xff\xff")
    checks.equal(f"{name}: a payload that is none is refused", status, "INVALID_ARGUMENT")


def broken_frames(client: RawClient, name: str) -> dict[str, bytes]:
    """Frames that are broken in their own bytes."""
    header = client.header(METHODS[name]).SerializeToString()
    good = pack(header, b"")
    wrong_sum = bytearray(good)
    wrong_sum[4] ^= 1
    cut = good[:-3]
    beyond = struct.pack("<II", len(header) + 100, crc32c(header)) + header
    huge = struct.pack("<II", 0xFFFFFFFF, crc32c(header)) + header
    garbage = bytes(range(256)) * 4
    # Field 1 (the method) as a string that is no UTF-8, and one that holds a NUL.
    invalid = b"\x0a\x04\xff\xfe\xfd\xfc" + header
    nul = b"\x0a\x03a\x00b" + header
    return {
        "an empty frame": b"",
        "a frame of three bytes": b"\x01\x02\x03",
        "a wrong checksum": bytes(wrong_sum),
        "a frame cut short": cut,
        "a header longer than its frame": beyond,
        "a header of four gigabytes": huge,
        "garbage": garbage,
        "a header of garbage": pack(garbage, b""),
        "a header that is no UTF-8": pack(invalid, b""),
        "a header with a NUL": pack(nul, b""),
    }


def check_frames(checks: Checks, name: str, client: RawClient, house: House) -> None:
    """A broken frame is refused or dropped, and the next good call is answered."""
    for label, frame in broken_frames(client, name).items():
        status = client.status_of(frame, seconds=2)
        refused = status in ("INVALID_ARGUMENT", "DATA_LOSS", "UNIMPLEMENTED", "NO_ANSWER",
                             "UNAUTHENTICATED")
        checks.check(f"{name}: {label} is refused", refused, status)
        checks.equal(f"{name}: a good call after {label}", client.refused(METHODS[name]), "OK")
    # Above the limit of a frame: libnng closes the connection before it reads the bytes.
    other = RawClient(client.url, client.caller, client.key_file, name)
    status = other.status_of(pack(client.header(METHODS[name]).SerializeToString(),
                                  bytes(5 << 20)), seconds=3)
    checks.check(
        f"{name}: a frame of 5 MiB is refused", status in ("NO_ANSWER", "RESOURCE_EXHAUSTED"),
        status)
    other.socket.close()
    checks.equal(f"{name}: a good call after 5 MiB", client.refused(METHODS[name]), "OK")


def check_wire(
    checks: Checks, name: str, client: RawClient, house: House, proto: object
) -> None:
    """All of it, and what every server answers of itself."""
    check_identity(checks, name, client, house)
    check_header(checks, name, client)
    check_frames(checks, name, client, house)
    health = client.call("tidemark.v1.Meta/Check", proto.HealthCheckRequest())
    checks.equal(f"{name}: health", health.status, proto.SERVING_STATUS_SERVING)
    status = client.refused(
        "tidemark.v1.Meta/Check", proto.HealthCheckRequest(service="x").SerializeToString())
    checks.equal(f"{name}: health of an unknown service", status, "NOT_FOUND")
    info = client.call("tidemark.v1.Meta/GetInfo", proto.GetInfoRequest())
    checks.equal(f"{name}: says its name", info.service, name)
    checks.check(f"{name}: lists its methods", len(info.methods) >= 4, info)
