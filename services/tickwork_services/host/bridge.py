"""Carries a native broadcast to an outlet of another transport, from a thread of its own.

The bridge is a reader of the broadcast like any other: it may be lapped, and counts what it lost.
It shows the outlet one image per instrument, so that a new client of the outlet sees every book.
"""

import threading
from collections.abc import Sequence
from typing import Any

import tickwork_native

from tickwork_services.host import component
from tickwork_services.link import link
from tickwork_services.record import layout, market

BATCH_RECORDS_MAX = 1024
WAIT_NS = 50_000_000


class Bridge:
    """Reads the ``top`` region of a segment of this very process and sends it on."""

    def __init__(
        self, path: str, outlet: link.Outlet, symbols: Sequence[str], fail: component.Fail
    ) -> None:
        native: Any = tickwork_native
        self._reader = native.RingReader.attach(path)
        self._books = native.Books.open(path)
        self._outlet = outlet
        self._symbols = tuple(symbols)
        self._fail = fail
        self._shown: set[int] = set()
        self._generation = self._reader.generation
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="bridge", daemon=True)
        self.lost = 0

    def start(self) -> None:
        """Shows what the segment holds already, then follows it."""
        for instrument in range(len(self._symbols)):
            self._show_book(instrument)
        self._thread.start()

    def close(self) -> None:
        """Sends what is there, then ends the thread and lets go."""
        self._ending = True
        if self._thread.is_alive():
            self._thread.join()
        self._reader.close()
        self._books.close()

    def _run(self) -> None:
        try:
            while not self._ending:
                if self._reader.wait(WAIT_NS):
                    self._carry()
            self._carry()
        except Exception as error:  # noqa: BLE001 — a thread's error ends the unit
            self._fail(error)

    def _carry(self) -> None:
        """Sends one batch and shows the last record of each instrument in it."""
        records, lost = self._reader.read_bytes(BATCH_RECORDS_MAX)
        self.lost += lost
        if not records:
            return
        if self._reader.generation != self._generation:
            self._generation = self._reader.generation
            self._shown.clear()
        latest = {market.instrument_of_top(each): each for each in layout.split(records)}
        for instrument in latest:
            if instrument not in self._shown:
                self._show_book(instrument)
        self._outlet.send(records)
        for instrument, record in latest.items():
            self._outlet.show(instrument, record)

    def _show_book(self, instrument: int) -> None:
        """Shows one book from the table, with the exponents that a ``top`` does not carry."""
        book = self._books[self._symbols[instrument]]
        if book.age_ns is None:
            return
        self._shown.add(instrument)
        image = market.Market(
            layout.SNAPSHOT,
            state=layout.STATE_NAMES.index(book.state),
            flags=layout.FLAG_IMAGE,
            instrument=instrument,
            price_exponent=book.price_exponent,
            quantity_exponent=book.quantity_exponent,
            last=book.update_id,
            received_ns=_stamp(book.received_ns),
            event_unix_ns=_stamp(book.event_unix_ns),
            published_ns=_stamp(book.published_ns),
            bids=tuple(book.bids[:1]),
            asks=tuple(book.asks[:1]),
        )
        self._outlet.show(instrument, image.to_bytes())


def _stamp(value: int | None) -> int:
    return layout.ABSENT if value is None else value
