"""NDJSON: one JSON object a line, prices as exact decimal strings (INTERFACES section 6).

Stamps that are absent are left out; a side of a top that is empty is null. A ``top`` has no
``type``; every other record has one, and its layout's fields by name. Reading accepts null for
whatever may be left out, and keys in any order.
"""

import base64
import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

from tickwork_services.record import frame, layout, market
from tickwork_services.wire import codec, decimals, fields, tops

LINE_BYTES_MAX = 8 << 20
_TOP = struct.Struct("<QBBHIQqqqqq")
_MARKET_STAMPS = (
    "event_unix_ns",
    "match_unix_ns",
    "received_ns",
    "kernel_ns",
    "parsed_ns",
    "booked_ns",
    "published_ns",
)
_MARKET_NUMBERS = ("first", "last", "previous", "frame_id", "correlation")
_MARKET_SMALL = ("venue", "flags", "line", "connection")
_FRAME_STAMPS = ("kernel_ns", "received_ns", "requested_ns")
_U64 = (1 << 64) - 1
_U32 = (1 << 32) - 1
_FIELD_MAX = {"venue": 0xFF, "flags": 0xFF, "line": 0xFFFF, "connection": _U32}


class NdjsonCodec(codec.Codec):
    """Encodes records as lines; reads lines as records, cut anywhere.

    ``unix_offset_ns`` is added to a mono stamp to get Unix time (``timestamp_ns``). With
    ``images_as_tops`` a snapshot with the flag IMAGE is written as a top, which is what readers
    of a broadcast get; its levels below the best are then not written.
    """

    def __init__(
        self,
        instruments: codec.Instruments,
        unix_offset_ns: Callable[[], int],
        *,
        images_as_tops: bool = False,
    ) -> None:
        self._instruments = instruments
        self._unix_offset_ns = unix_offset_ns
        self._images_as_tops = images_as_tops
        self._rest = bytearray()
        self._searched = 0
        self._skipping = False

    def encode(self, batch: codec.Batch) -> bytes:
        """Returns one line per record. Raises RecordError for a top of unknown exponents."""
        offset_ns = self._unix_offset_ns()
        return b"".join(self._encode_one(record, offset_ns) for record in layout.split(batch))

    def learn(self, record: codec.Batch) -> None:
        """Learns the exponents of one market record, for the tops that will follow it."""
        if record[8] not in (layout.TOP, layout.FRAME):
            read = market.read_market(record)
            self._instruments.learn(read.instrument, read.price_exponent, read.quantity_exponent)

    def feed(self, chunk: codec.Batch) -> bytes:
        """Returns the records of all lines that end in ``chunk``; bad lines are counted.

        A line over LINE_BYTES_MAX is malformed and skipped to its end.
        """
        self._rest += chunk
        records = []
        begin = 0
        while (end := self._rest.find(b"\n", max(begin, self._searched))) >= 0:
            records.append(self._take_line(self._rest[begin:end]))
            begin = end + 1
        del self._rest[:begin]
        self._searched = len(self._rest)
        if len(self._rest) > LINE_BYTES_MAX:
            self.malformed += not self._skipping
            self._skipping = True
            self._rest.clear()
            self._searched = 0
        return b"".join(records)

    def end(self) -> int:
        """Ends the stream; returns the bytes of an unfinished line."""
        left = len(self._rest)
        self._rest.clear()
        self._searched = 0
        self._skipping = False
        return left

    def decode_line(self, line: codec.Batch) -> bytes:
        """Returns the record of one line. Raises LineError with what is wrong with it."""
        content = fields.DECODER.decode(bytes(line).decode())
        if not isinstance(content, dict):
            raise fields.LineError(f"a {type(content).__name__} is no record")
        kind = content.get("type")
        if kind is None:
            return self._read_top(content)
        if kind == "frame":
            return self._read_frame(content)
        return self._read_market(content)

    def _take_line(self, line: bytearray) -> bytes:
        if self._skipping:
            self._skipping = False
            return b""
        if not line.strip():
            return b""
        try:
            record = self.decode_line(line)
        except (ValueError, RecursionError):
            self.malformed += 1
            return b""
        self.records += 1
        return record

    # -- writing ----------------------------------------------------------------------------------

    def _encode_one(self, record: memoryview, offset_ns: int) -> bytes:
        kind = record[8]
        if kind == layout.TOP:
            return self._write_top(record, offset_ns)
        if kind == layout.FRAME:
            content = self._write_frame(frame.read_frame(record))
        else:
            content = self._write_market_or_top(market.read_market(record), offset_ns)
        return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    def _write_market_or_top(self, record: market.Market, offset_ns: int) -> dict[str, Any]:
        if record.bids or record.asks:
            self._instruments.learn(
                record.instrument, record.price_exponent, record.quantity_exponent
            )
        is_image = record.type == layout.SNAPSHOT and record.flags & layout.FLAG_IMAGE
        if is_image and self._images_as_tops:
            return self._write_image(record, offset_ns)
        return self._write_market(record)

    def _write_top(self, record: memoryview, offset_ns: int) -> bytes:
        fields = _TOP.unpack(record)
        instrument = fields[3]
        exponents = self._instruments.exponents(instrument)
        if exponents is None:
            raise layout.RecordError(f"the exponents of instrument {instrument} are unknown", 0)
        name = json.dumps(self._instruments.name(instrument), ensure_ascii=False)
        return tops.write_line(fields, name, *exponents, offset_ns).encode()

    def _write_image(self, record: market.Market, offset_ns: int) -> dict[str, Any]:
        content = self._best(
            record.instrument,
            record.bids[0] if record.bids else None,
            record.asks[0] if record.asks else None,
            (record.price_exponent, record.quantity_exponent),
        )
        content["state"] = layout.STATE_NAMES[record.state]
        content["update_id"] = record.last
        content["sequence"] = record.sequence
        names = ("received_ns", "parsed_ns", "booked_ns", "published_ns")
        return {**content, **_stamps({name: getattr(record, name) for name in names}, offset_ns)}

    def _best(
        self,
        instrument: int,
        bid: market.Level | None,
        ask: market.Level | None,
        exponents: tuple[int, int],
    ) -> dict[str, Any]:
        price, quantity = exponents
        write = decimals.write_decimal
        return {
            "instrument": self._instruments.name(instrument),
            "bid": None if bid is None else write(bid[0], price),
            "ask": None if ask is None else write(ask[0], price),
            "bid_quantity": None if bid is None else write(bid[1], quantity),
            "ask_quantity": None if ask is None else write(ask[1], quantity),
        }

    def _write_market(self, record: market.Market) -> dict[str, Any]:
        content: dict[str, Any] = {
            "type": layout.TYPE_NAMES[record.type],
            "instrument": self._instruments.name(record.instrument),
            "state": layout.STATE_NAMES[record.state],
            "sequence": record.sequence,
            "price_exponent": record.price_exponent,
            "quantity_exponent": record.quantity_exponent,
        }
        for name in (*_MARKET_SMALL, *_MARKET_NUMBERS):
            content[name] = getattr(record, name)
        for name in _MARKET_STAMPS:
            value = getattr(record, name)
            if value != layout.ABSENT:
                content[name] = value
        content["bids"] = _write_levels(record.bids, record)
        content["asks"] = _write_levels(record.asks, record)
        return content

    def _write_frame(self, record: frame.Frame) -> dict[str, Any]:
        content: dict[str, Any] = {
            "type": "frame",
            "kind": frame.KIND_NAMES[record.kind],
            "instrument": self._instruments.name(record.instrument),
        }
        for name in ("venue", "flags", "line", "connection", "frame_id", "correlation"):
            content[name] = getattr(record, name)
        content["sequence"] = record.sequence
        for name in _FRAME_STAMPS:
            value = getattr(record, name)
            if value != layout.ABSENT:
                content[name] = value
        try:
            content["payload"] = record.payload.decode()
        except UnicodeDecodeError:
            content["payload_base64"] = base64.b64encode(record.payload).decode()
        return content

    # -- reading ----------------------------------------------------------------------------------

    def _read_top(self, content: Mapping[str, Any]) -> bytes:
        instrument = self._instruments.id(content.get("instrument"))
        known = self._instruments.exponents(instrument)
        plain = None if known is None else tops.read_fields(content, instrument, *known)
        return self._read_any_top(content, instrument) if plain is None else plain

    def _read_any_top(self, content: Mapping[str, Any], instrument: int) -> bytes:
        texts = (content["bid"], content["ask"]) if _has(content, "bid", "ask") else ()
        price, quantity = self._exponents_for(instrument, content, texts)
        bid, bid_quantity = _read_side(content, "bid", price, quantity)
        ask, ask_quantity = _read_side(content, "ask", price, quantity)
        published_ns = fields.read_stamp(content, "published_ns")
        received_ns = fields.read_stamp(content, "received_ns")
        return market.Top(
            sequence=fields.read_number(content, "sequence", _U64),
            state=fields.read_state(content),
            instrument=instrument,
            latency_ns=fields.latency_ns_of(received_ns, published_ns),
            update_id=fields.read_number(content, "update_id", _U64),
            bid=bid,
            bid_quantity=bid_quantity,
            ask=ask,
            ask_quantity=ask_quantity,
            published_ns=published_ns,
        ).to_bytes()

    def _exponents_for(
        self, instrument: int, content: Mapping[str, Any], prices: tuple[Any, ...]
    ) -> tuple[int, int]:
        """Returns the exponents known, made finer where this line's digits need it."""
        quantities = [content.get("bid_quantity"), content.get("ask_quantity")]
        price = min((decimals.exponent_of(each) for each in prices if each), default=0)
        quantity = min((decimals.exponent_of(each) for each in quantities if each), default=0)
        self._instruments.learn(instrument, price, quantity)
        found = self._instruments.exponents(instrument)
        return found if found is not None else (price, quantity)

    def _read_market(self, content: Mapping[str, Any]) -> bytes:
        name = content["type"]
        kind = layout.TYPES.get(name) if isinstance(name, str) else None
        if kind is None or kind in (layout.FRAME, layout.TOP):
            raise fields.LineError(f"type {name!r} does not exist")
        price = fields.read_exponent(content, "price_exponent")
        quantity = fields.read_exponent(content, "quantity_exponent")
        return market.Market(
            type=kind,
            state=fields.read_state(content),
            instrument=self._instruments.id(content.get("instrument")),
            price_exponent=price,
            quantity_exponent=quantity,
            sequence=fields.read_number(content, "sequence", _U64),
            bids=_read_levels(content.get("bids"), price, quantity),
            asks=_read_levels(content.get("asks"), price, quantity),
            **{name: fields.read_number(content, name, _FIELD_MAX[name]) for name in _MARKET_SMALL},
            **{name: fields.read_number(content, name, _U64) for name in _MARKET_NUMBERS},
            **{name: fields.read_stamp(content, name) for name in _MARKET_STAMPS},
        ).to_bytes()

    def _read_frame(self, content: Mapping[str, Any]) -> bytes:
        kind = content.get("kind")
        if kind not in frame.KIND_NAMES:
            raise fields.LineError(f"a frame of the kind {kind!r} does not exist")
        return frame.Frame(
            payload=fields.read_payload(content),
            kind=frame.KIND_NAMES.index(kind),
            instrument=self._instruments.id(content.get("instrument")),
            frame_id=fields.read_number(content, "frame_id", _U64),
            correlation=fields.read_number(content, "correlation", _U64),
            sequence=fields.read_number(content, "sequence", _U64),
            **{name: fields.read_number(content, name, _FIELD_MAX[name]) for name in _MARKET_SMALL},
            **{name: fields.read_stamp(content, name) for name in _FRAME_STAMPS},
        ).to_bytes()


def _stamps(stamps: Mapping[str, int], offset_ns: int) -> dict[str, int]:
    found = {name: value for name, value in stamps.items() if value != layout.ABSENT}
    published_ns = found.get("published_ns")
    return found if published_ns is None else {"timestamp_ns": published_ns + offset_ns, **found}


def _write_levels(levels: tuple[market.Level, ...], record: market.Market) -> list[list[str]]:
    return [
        [
            decimals.write_decimal(price, record.price_exponent),
            decimals.write_decimal(quantity, record.quantity_exponent),
        ]
        for price, quantity in levels
    ]


def _read_levels(levels: object, price: int, quantity: int) -> tuple[market.Level, ...]:
    if levels is None:
        return ()
    if not isinstance(levels, list):
        raise fields.LineError(f"levels must be a list, not {type(levels).__name__}")
    return tuple(
        (decimals.read_decimal(each[0], price), decimals.read_decimal(each[1], quantity))
        for each in map(_pair, levels)
    )


def _pair(level: object) -> list[Any]:
    if not isinstance(level, list) or len(level) != 2:
        raise fields.LineError(f"a level must be [price, quantity], not {level!r}")
    return level


def _read_side(content: Mapping[str, Any], side: str, price: int, quantity: int) -> tuple[int, int]:
    text = content.get(side)
    if text is None:
        return layout.ABSENT, 0
    return (
        decimals.read_decimal(text, price),
        decimals.read_decimal(content.get(f"{side}_quantity") or "", quantity),
    )


def _has(content: Mapping[str, Any], *names: str) -> bool:
    """Says that keys are there, null or not: a line without them is no top at all."""
    for name in names:
        if name not in content:
            raise fields.LineError(f"{name} is missing")
    return True
