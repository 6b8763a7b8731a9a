"""A way between two processes that may lose its connections without telling either end."""

import contextlib
import selectors
import socket
import threading
from typing import Self

LOOK_SECONDS = 0.1
CHUNK_BYTES = 1 << 16


class Way:
    """Carries TCP connections to ``target`` (``host:port``); ``taken`` counts them.

    ``lose`` makes silent what is under way, as a network does that forgot it; later ones pass.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        self.taken = 0
        self._ends: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._lost = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()
        for each in (self._listener, *self._ends):
            each.close()
        self._selector.close()

    def lose(self) -> None:
        """Makes every connection that is under way silent."""
        self._lost.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            for key, _ in self._selector.select(LOOK_SECONDS):
                if key.fileobj is self._listener:
                    self._take()
                else:
                    self._carry(key.fileobj)
            if self._lost.is_set():
                self._lost.clear()
                for each in self._ends:
                    self._forget(each)

    def _take(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(self._target, timeout=5)
        except OSError:
            near.close()
            return
        self.taken += 1
        for one, other in ((near, far), (far, near)):
            self._ends[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _carry(self, end: socket.socket) -> None:
        other = self._ends[end]
        try:
            data = end.recv(CHUNK_BYTES)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        for each in (end, other):
            self._forget(each)
            each.close()

    def _forget(self, end: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(end)
