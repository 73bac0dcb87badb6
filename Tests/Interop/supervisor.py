"""Starts services over that end to be started over, as systemd and containers do."""

from __future__ import annotations

import threading

from house import House

LOOK_SECONDS = 0.2
REASON = "libnng no longer clears broken connections"


class Supervisor:
    """Watches a house while others kill its services; they share the house's lock."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.restarts: list[str] = []
        self.error: BaseException | None = None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, name="supervisor")

    def __enter__(self) -> Supervisor:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.thread.join()
        if self.restarts:
            print(f"  started over: {', '.join(self.restarts)}", flush=True)
        if self.error:
            raise self.error

    def run(self) -> None:
        """Looks at each service until the watch is over."""
        try:
            while not self.is_over.wait(LOOK_SECONDS):
                for name in list(self.house.running):
                    self.look(name)
        except BaseException as error:  # noqa: BLE001: told by the thread that waits
            self.error = error

    def look(self, name: str) -> None:
        """Starts a service that has ended by itself; for any reason but one it must not."""
        with self.house.lock:
            running = self.house.running.get(name)
            if running is None or running.process.poll() is None:
                return
            # Until its last words are in the log.
            running.wait()
            if REASON not in self.house.log(name):
                raise RuntimeError(f"{name} ended by itself, code {running.process.returncode}")
            self.restarts.append(name)
            self.house.start(name)
