"""A client that shares no code with Tidemark: the one of examples/, with its seams opened."""

from __future__ import annotations

import pathlib
import sys
import time
import types

import pynng

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "examples"))

from python_client import STATUS, CallError, Client, crc32c, load_contracts, pack  # noqa: E402


def messages() -> types.SimpleNamespace:
    """Every message and enum value of the contracts."""
    return types.SimpleNamespace(**load_contracts())


class RawClient(Client):
    """Sends frames as they are, good or bad, and tells how the server took them."""

    def status_of(self, frame: bytes, seconds: float = 5) -> str:
        """The name of the status in the answer; `NO_ANSWER` where none came."""
        self.socket.send_timeout = self.socket.recv_timeout = int(seconds * 1000)
        try:
            self.socket.send(frame)
            answer = self.socket.recv()
        except pynng.NNGException:
            return "NO_ANSWER"
        length = int.from_bytes(answer[:4], "little")
        header = self.contracts["ResponseHeader"].FromString(answer[8 : 8 + length])
        return STATUS[header.status]

    def header(self, method: str, **fields: object):
        """A good header, with some fields changed."""
        values = {
            "method": method,
            "deadline_unix_us": int((time.time() + 5) * 1e6),
            "request_id": bytes(range(16)),
            "caller_token": self.token(),
            "attempt": 1,
        }
        return self.contracts["RequestHeader"](**{**values, **fields})

    def refused(self, method: str, payload: bytes = b"", **fields: object) -> str:
        """The status of a call whose header is changed or whose payload is given in bytes."""
        return self.status_of(pack(self.header(method, **fields).SerializeToString(), payload))


__all__ = ["STATUS", "CallError", "Client", "RawClient", "crc32c", "messages", "pack"]
