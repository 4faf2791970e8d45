"""Signals of the process: the first asks to stop, the second ends at once, a clock sees that it ends at all."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

from ringdesk.config.refusal import Stopped

LONGEST_STOP = 4.6  # s from the signal to the end of the process


class StopSignals:
    """Holds the handlers for the whole life of the process; an event loop never takes them over."""

    def __init__(self) -> None:
        self.asked_at: float | None = None
        self.ask: Callable[[], None] | None = None  # set while a server runs; else Stopped is raised
        self.cut_off: Callable[[], None] = lambda: None  # the last thing done before an end at once

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Started by nohup: what is ignored stays ignored.
            if signal.getsignal(number) != signal.SIG_IGN or number == signal.SIGTERM:
                signal.signal(number, self._handle)

    def seconds_left(self, otherwise: float) -> float:
        """Return how long cleaning up may still take; ``otherwise`` when no signal was the reason."""
        if self.asked_at is None:
            return otherwise
        return max(0.1, self.asked_at + LONGEST_STOP - 0.6 - time.monotonic())

    def _handle(self, number: int, _: object) -> None:
        if self.asked_at is not None:
            self.end_at_once(128 + number)
        self.asked_at = time.monotonic()
        clock = threading.Timer(LONGEST_STOP, self.end_at_once)
        clock.daemon = True
        clock.start()
        if self.ask is None:
            raise Stopped
        self.ask()

    def end_at_once(self, code: int = 1) -> NoReturn:
        """Leave no child behind, and nothing else matters."""
        self.cut_off()
        leave(code)


def leave(code: int) -> NoReturn:
    """End the process without waiting for threads that still answer somebody."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)
