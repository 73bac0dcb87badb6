#!/usr/bin/env python3
"""The gateway's calls by RPC from Python, with pynng, protobuf, protoc and openssl alone.

usage: python_client.py URL KEY_FILE CALLER CUSTOMER        (the bearer token in TOKEN)

URL is where the gateway listens for RPC, such as tls+tcp://gateway:7106 or ipc:///run/gateway.ipc.
KEY_FILE is the Ed25519 private key (PEM) of CALLER, whose public key the gateway trusts.
Copy `Client` into your backend; a frame and a token are all there is to the protocol.
"""

from __future__ import annotations

import base64
import functools
import importlib
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import uuid

import pynng

CONTRACTS = pathlib.Path(__file__).resolve().parent.parent / "proto"
STATUS = (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS"
    " PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED"
    " INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"
).split()


class CallError(Exception):
    """A call that was refused: the status is one of gRPC's names."""

    def __init__(self, status: int, message: str) -> None:
        self.status = STATUS[status] if status < len(STATUS) else "UNKNOWN"
        super().__init__(f"{self.status}: {message}")


@functools.cache
def load_contracts() -> dict[str, object]:
    """Messages and enum values by name, and the answer of each method by the method's name."""
    names = sorted(path.stem for path in CONTRACTS.glob("tidemark/v1/*.proto"))
    files = [f"tidemark/v1/{name}.proto" for name in names]
    with tempfile.TemporaryDirectory(prefix="tidemark-contracts-") as folder:
        subprocess.run(
            ["protoc", f"-I{CONTRACTS}", f"--python_out={folder}", *files], check=True)
        sys.path.insert(0, folder)
        modules = [importlib.import_module(f"tidemark.v1.{name}_pb2") for name in names]
        sys.path.remove(folder)
    found: dict[str, object] = {}
    for module in modules:
        found.update(vars(module))
    for module in modules:
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                found[f"{service.full_name}/{method.name}"] = found[method.output_type.name]
    return found


def crc32c_table() -> list[int]:
    """The checksum's table (Castagnoli, reflected)."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ 0x82F63B78 if byte & 1 else byte >> 1
        table.append(byte)
    return table


CRC_TABLE = crc32c_table()


def crc32c(data: bytes) -> int:
    """CRC-32C of some bytes."""
    value = 0xFFFFFFFF
    for byte in data:
        value = CRC_TABLE[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xFFFFFFFF


def pack(header: bytes, payload: bytes) -> bytes:
    """A frame: length of the header, checksum of what follows, header, payload."""
    return struct.pack("<II", len(header), crc32c(header + payload)) + header + payload


class Client:
    """Calls one service over one socket, a call at a time."""

    def __init__(self, url: str, caller: str, key_file: str, service: str = "gateway") -> None:
        self.contracts = load_contracts()
        self.url, self.caller, self.key_file, self.service = url, caller, key_file, service
        self.socket = pynng.Req0(block_on_dial=False, resend_time=-1, recv_max_size=4 << 20)
        self.socket.dial(url, block=False)
        self.signed_until, self.signed = 0, ""

    def token(self) -> str:
        """Who calls, signed with the caller's key and good for a minute."""
        now = int(time.time())
        if self.signed_until - now < 30:
            self.signed_until = now + 60
            text = f"t1.{self.caller}.{self.service}.{self.signed_until}"
            with tempfile.NamedTemporaryFile() as file:
                file.write(text.encode())
                file.flush()
                signature = subprocess.run(
                    ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.key_file,
                     "-in", file.name], check=True, capture_output=True).stdout
            encoded = base64.urlsafe_b64encode(signature).decode().rstrip("=")
            self.signed = f"{text}.{encoded}"
        return self.signed

    def call(self, method: str, request, seconds: float = 10, **metadata: str):
        """One call, such as `tidemark.v1.Gateway/ListCustomerAnomalies`; gives the answer."""
        deadline = time.time() + seconds
        header = self.contracts["RequestHeader"](
            method=method, deadline_unix_us=int(deadline * 1e6), request_id=uuid.uuid4().bytes,
            caller_token=self.token(), attempt=1)
        for name in sorted(metadata):
            header.metadata.add(name=name, value=metadata[name])
        frame = pack(header.SerializeToString(), request.SerializeToString())
        self.socket.send_timeout = self.socket.recv_timeout = int(seconds * 1000)
        try:
            self.socket.send(frame)
            frame = self.socket.recv()
        except pynng.Timeout:
            raise CallError(STATUS.index("DEADLINE_EXCEEDED"), "no answer in time") from None
        except pynng.NNGException as error:
            raise CallError(STATUS.index("UNAVAILABLE"), str(error)) from None
        return self.answer(method, frame)

    def answer(self, method: str, frame: bytes):
        """The message in an answer, or the refusal."""
        length, checksum = struct.unpack_from("<II", frame)
        if crc32c(frame[8:]) != checksum:
            raise CallError(STATUS.index("DATA_LOSS"), "the answer's checksum is wrong")
        answer = self.contracts["ResponseHeader"].FromString(frame[8 : 8 + length])
        if answer.status:
            raise CallError(answer.status, answer.message)
        return self.contracts[method].FromString(frame[8 + length :])


def main() -> None:
    """Lists a customer's anomalies, scans everything, and waits for the end of the scan."""
    url, key_file, caller, customer = sys.argv[1:5]
    client = Client(url, caller, key_file)
    bearer = {"authorization": f"Bearer {os.environ['TOKEN']}"}
    contracts = client.contracts
    request = contracts["ListCustomerAnomaliesRequest"](customer=customer)
    request.page.page_size = 10
    answer = client.call("tidemark.v1.Gateway/ListCustomerAnomalies", request, **bearer)
    for anomaly in answer.anomalies:
        print(f"{anomaly.customer.name}: {anomaly.summary}")
    request = contracts["ScanAnomaliesRequest"](idempotency_key=str(uuid.uuid4()))
    scan = client.call("tidemark.v1.Gateway/ScanAnomalies", request, **bearer)
    request = contracts["GetOperationRequest"](operation_id=scan.operation_id)
    while True:
        operation = client.call("tidemark.v1.Gateway/GetOperation", request, **bearer)
        print(f"scan: {operation.progress:.0%}, {operation.findings} findings")
        if operation.done:
            return
        time.sleep(0.5)


if __name__ == "__main__":
    main()
