"""The protobuf codec: the layout, whole, in the message ``Record``, with names for strangers.

What a message is packed into (a gRPC stream, a Kafka value) has boundaries of its own, so this is
no stream codec: one message holds one record.
"""

from tickwork_proto.v1 import record_pb2

from tickwork_services.record import layout
from tickwork_services.wire import codec


def encode_record(
    record: codec.Batch, venue: str, instruments: codec.Instruments
) -> record_pb2.Record:
    """Returns the message of one whole record. Raises RecordError where it is not one."""
    if layout.record_length(record) != len(record):
        raise layout.RecordError(f"{len(record)} bytes are not one record", 0)
    kind = record[8]
    at = 10 if kind == layout.TOP else 12
    instrument = int.from_bytes(record[at : at + 2], "little")
    name = instruments.name(instrument)
    return record_pb2.Record(
        layout=bytes(record), venue=venue, instrument=name if isinstance(name, str) else ""
    )


def decode_record(message: record_pb2.Record) -> bytes:
    """Returns the record of a message. Raises RecordError where the layout is not one record."""
    if layout.record_length(message.layout) != len(message.layout):
        raise layout.RecordError(f"{len(message.layout)} bytes are not one record", 0)
    return message.layout


def encode_batch(
    batch: codec.Batch, lost: int, venue: str, instruments: codec.Instruments
) -> record_pb2.Batch:
    """Returns one message with all records of a batch and the number lost before them."""
    records = [encode_record(each, venue, instruments) for each in layout.split(batch)]
    return record_pb2.Batch(records=records, lost=lost)


def decode_batch(message: record_pb2.Batch) -> bytes:
    """Returns the records of a batch, one behind the other."""
    return b"".join(decode_record(each) for each in message.records)
