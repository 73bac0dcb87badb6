"""Ends services while they work, spread over the work, and tells what was met."""

from __future__ import annotations

import dataclasses
import threading
import time

from house import House

# In which they are killed. Each in turn, and oftener the one that has the work in hand.
ORDERS = {
    "import": ["ingest", "baseline", "ingest", "detector", "classifier", "ingest", "notifier",
               "gateway"],
    "scan": ["ingest", "baseline", "detector", "classifier", "notifier", "baseline", "gateway"],
}
# The longest that one kill waits for its share of the work.
SHARE_SECONDS = 300
# Kills stand at least so far apart, so that each meets a house at work again.
KILL_PAUSE_SECONDS = 0.3


@dataclasses.dataclass(frozen=True)
class Kill:
    """One service ended and started again."""

    phase: str
    service: str
    at_percent: float
    down_seconds: float
    met_work: bool


class Killer:
    """Ends one service after the other as work goes on, and starts each again."""

    def __init__(self, house: House, phase: str, progress, is_over) -> None:
        self.house, self.phase = house, phase
        self.progress, self.is_over = progress, is_over
        self.kills: list[Kill] = []
        # Those who make the work may go so far: fast machines must not end before the last kill.
        self.leave = 0.0
        self.error: BaseException | None = None
        # Told by both sides whenever there is progress, or leave to make more of it.
        self.moved = threading.Condition()
        self.thread = threading.Thread(target=self.run, name=f"killer-{phase}")

    def tell(self) -> None:
        """Wakes those who wait for progress or for leave."""
        with self.moved:
            self.moved.notify_all()

    def give_leave(self, share: float) -> None:
        """Lets the work go on to a share of it."""
        self.leave = share
        self.tell()

    def run(self) -> None:
        """Kills all of the phase's order, spread over the work."""
        order = ORDERS[self.phase]
        try:
            for position, service in enumerate(order):
                self.give_leave((position + 1.4) / (len(order) + 1))
                self.wait((position + 0.5) / (len(order) + 1))
                met_work, at = not self.is_over(), self.progress()
                started = time.monotonic()
                with self.house.lock:
                    self.house.kill(service)
                    self.house.start(service)
                down = time.monotonic() - started
                self.kills.append(Kill(self.phase, service, 100 * at, down, met_work))
        except BaseException as error:  # noqa: BLE001: told by the thread that waits
            self.error = error
        finally:
            self.give_leave(1.0)

    def wait(self, share: float) -> None:
        """Waits for a share of the work, and at least a pause after the last kill."""
        pause = time.monotonic() + (KILL_PAUSE_SECONDS if self.kills else 0)
        with self.moved:
            self.moved.wait_for(lambda: self.is_over() or self.progress() >= share, SHARE_SECONDS)
            # The pause itself, cut short when there is nothing left to meet.
            self.moved.wait_for(self.is_over, max(0, pause - time.monotonic()))

    def finish(self) -> None:
        """Waits for the last restart and passes on what went wrong."""
        self.thread.join(SHARE_SECONDS)
        if self.error:
            raise self.error
