"""The fault test's own book of what was sent and what was acknowledged."""

from __future__ import annotations

import json
import os
import pathlib
import threading

from fault_data import Batch


class Ledger:
    """Lines that are only ever appended, each on disk before the next step is taken."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, event: str, batch: Batch, **facts: object) -> None:
        """Notes that a batch was sent, acknowledged or refused."""
        line = {
            "event": event,
            "source": batch.source,
            "sequence": batch.sequence,
            "rows": len(batch.rows),
            **facts,
        }
        with self._lock:
            os.write(self._file, (json.dumps(line) + "\n").encode())

    def read(self) -> list[dict]:
        """All lines, from the file."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def acknowledged(self) -> set[tuple[str, int]]:
        """The batches that were acknowledged, by source and sequence."""
        return {
            (line["source"], line["sequence"])
            for line in self.read()
            if line["event"] == "acknowledged"
        }

    def sends_without_answer(self) -> int:
        """How often a batch was sent again because no answer came."""
        lines = self.read()
        sent = sum(line["event"] == "sent" for line in lines)
        return sent - sum(line["event"] == "acknowledged" for line in lines)

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)
