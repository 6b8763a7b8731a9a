"""Ctrl-C: the first asks for a graceful end, the second kills."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Counts the wishes for an end; ``second`` is called once, at the second of them."""

    def __init__(self, second: Callable[[], None]) -> None:
        self._first = threading.Event()
        self._second = second
        self._killed = False

    @property
    def is_set(self) -> bool:
        """Whether anybody asked for the end."""
        return self._first.is_set()

    def wait(self, timeout_ns: int) -> bool:
        """Waits for the first wish, at most ``timeout_ns``; says whether there was one."""
        return self._first.wait(timeout_ns / 1e9)

    def ask(self) -> None:
        """Asks for the end, as Ctrl-C does."""
        if not self._first.is_set():
            self._first.set()
        elif not self._killed:
            self._killed = True
            self._second()


@contextlib.contextmanager
def listening(interruption: Interruption) -> Iterator[None]:
    """Lets Ctrl-C, SIGTERM and SIGHUP ask ``interruption`` while the body runs.

    Only a process' main thread may do this; elsewhere signals stay with whoever has them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        interruption.ask()

    # Who runs under nohup wants to go on when the terminal closes.
    asked = [
        number
        for number in _SIGNALS
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, ask) for number in asked}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
