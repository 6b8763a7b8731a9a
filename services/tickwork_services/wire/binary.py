"""The binary codec: the layout itself, which memory and shm carry."""

from tickwork_services.record import layout
from tickwork_services.wire import codec

RECORD_BYTES_MAX = 64 << 20


class BinaryCodec(codec.Codec):
    """Checks that a batch holds whole records; a stream may be cut anywhere."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def encode(self, batch: codec.Batch) -> bytes:
        """Returns the batch itself, checked record by record."""
        for _ in layout.split(batch):
            pass
        return bytes(batch)

    def feed(self, chunk: codec.Batch) -> bytes:
        """Returns the records that are whole by now.

        A header that is no record's has no end either: everything held is thrown away, counted
        once, because nothing says where the next record begins.
        """
        self._rest += chunk
        end = 0
        try:
            end = self._whole()
        except layout.RecordError as error:
            self.malformed += 1
            end = error.offset
            whole = bytes(self._rest[:end])
            self._rest.clear()
            return whole
        whole = bytes(self._rest[:end])
        del self._rest[:end]
        return whole

    def end(self) -> int:
        """Ends the stream; returns the bytes of a cut record."""
        left = len(self._rest)
        self._rest.clear()
        return left

    def _whole(self) -> int:
        offset = 0
        while len(self._rest) - offset >= layout.ALIGN_BYTES:
            if self._is_header_cut(offset):
                break
            length = layout.record_length(self._rest, offset)
            if length > RECORD_BYTES_MAX:
                raise layout.RecordError(f"{length} bytes are too long for a record", offset)
            if offset + length > len(self._rest):
                break
            offset += length
            self.records += 1
        return offset

    def _is_header_cut(self, offset: int) -> bool:
        """Says whether a market record's header, twice as long as others, is not all there."""
        short = len(self._rest) - offset < layout.MARKET_HEADER_BYTES
        kind = self._rest[offset + 8]
        return short and kind in layout.TYPE_NAMES and kind not in (layout.TOP, layout.FRAME)
