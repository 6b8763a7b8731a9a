"""Every record comes back from every codec as it went in, wherever the stream is cut."""

import itertools
import json

import hypothesis
from hypothesis import strategies as st
from tickwork_services.record import frame, layout, market
from tickwork_services.wire import binary, codec, decimals, ndjson, protobuf
from tickwork_services.wire import tops as fast_tops

SETTINGS = hypothesis.settings(max_examples=40)
SYMBOLS = ("BTCUSDT", "ETHUSDT", "ADAUSDT")
EXPONENTS = (-8, -3)
INT64 = st.integers(layout.ABSENT + 1, -layout.ABSENT - 1)
STAMP = st.one_of(st.just(layout.ABSENT), INT64)
U64 = st.integers(0, (1 << 64) - 1)
LEVEL = st.tuples(INT64, INT64)
INSTRUMENT = st.one_of(st.integers(0, len(SYMBOLS) + 1), st.just(layout.ANY_INSTRUMENT))
PRICE = st.one_of(st.just(layout.ABSENT), st.integers(0, decimals.MANTISSA_MAX))

MARKETS = st.builds(
    market.Market,
    type=st.sampled_from([2, 3, 4, 5, 7, 8]),
    venue=st.integers(0, 255),
    state=st.integers(0, 5),
    flags=st.integers(0, 255),
    instrument=INSTRUMENT,
    price_exponent=st.integers(-18, 3),
    quantity_exponent=st.integers(-18, 3),
    first=U64,
    last=U64,
    previous=U64,
    event_unix_ns=STAMP,
    match_unix_ns=STAMP,
    received_ns=STAMP,
    line=st.integers(0, 0xFFFF),
    connection=st.integers(0, 0xFFFFFFFF),
    frame_id=U64,
    kernel_ns=STAMP,
    parsed_ns=STAMP,
    booked_ns=STAMP,
    published_ns=STAMP,
    correlation=U64,
    sequence=U64,
    bids=st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 10**9)), max_size=4).map(
        tuple
    ),
    asks=st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 10**9)), max_size=4).map(
        tuple
    ),
)
FRAMES = st.builds(
    frame.Frame,
    payload=st.one_of(st.binary(max_size=200), st.text(max_size=60).map(str.encode)),
    venue=st.integers(0, 255),
    kind=st.integers(0, 5),
    flags=st.integers(0, 255),
    instrument=INSTRUMENT,
    line=st.integers(0, 0xFFFF),
    kernel_ns=STAMP,
    received_ns=STAMP,
    connection=st.integers(0, 0xFFFFFFFF),
    requested_ns=STAMP,
    correlation=U64,
    frame_id=U64,
    sequence=U64,
)


@st.composite
def tops(draw):
    bid, ask = draw(PRICE), draw(PRICE)
    published_ns = draw(st.integers(1 << 33, 1 << 60))
    return market.Top(
        sequence=draw(U64),
        state=draw(st.integers(0, 5)),
        instrument=draw(st.integers(0, len(SYMBOLS) - 1)),
        latency_ns=draw(st.integers(0, market.LATENCY_MORE)),
        update_id=draw(U64),
        bid=bid,
        bid_quantity=0 if bid == layout.ABSENT else draw(st.integers(0, 1 << 60)),
        ask=ask,
        ask_quantity=0 if ask == layout.ABSENT else draw(st.integers(0, 1 << 60)),
        published_ns=published_ns,
    )


BATCHES = st.lists(st.one_of(MARKETS, FRAMES, tops()), max_size=5).map(
    lambda records: b"".join(record.to_bytes() for record in records)
)


def make_ndjson(**options):
    instruments = codec.Instruments(SYMBOLS)
    for instrument in range(len(SYMBOLS) + 2):
        instruments.set(instrument, *EXPONENTS)
    return ndjson.NdjsonCodec(instruments, lambda: 1_000, **options)


class FixedInstruments(codec.Instruments):
    """Exponents as a publisher states them: what records carry changes nothing."""

    def learn(self, instrument, price_exponent, quantity_exponent):
        self.set(instrument, *EXPONENTS)


def fixed_ndjson():
    return ndjson.NdjsonCodec(FixedInstruments(SYMBOLS), lambda: 1_000)


def cut(data, places):
    marks = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[begin:end] for begin, end in itertools.pairwise(marks)]


@SETTINGS
@hypothesis.given(BATCHES, st.lists(st.integers(0, 1 << 16), max_size=6))
def test_binary_round_trip(batch, places):
    reader = binary.BinaryCodec()
    encoded = binary.BinaryCodec().encode(batch)
    assert b"".join(reader.feed(piece) for piece in cut(encoded, places)) == batch
    assert reader.records == sum(1 for _ in layout.split(batch))
    assert reader.end() == reader.malformed == 0


@SETTINGS
@hypothesis.given(BATCHES, st.lists(st.integers(0, 1 << 16), max_size=6))
def test_ndjson_round_trip(batch, places):
    writer, reader = fixed_ndjson(), fixed_ndjson()
    for instrument in range(len(SYMBOLS)):
        writer._instruments.learn(instrument, 0, 0)
        reader._instruments.learn(instrument, 0, 0)
    lines = writer.encode(batch)
    assert b"".join(reader.feed(piece) for piece in cut(lines, places)) == batch
    assert (reader.malformed, reader.end()) == (0, 0)


@SETTINGS
@hypothesis.given(BATCHES, U64)
def test_protobuf_round_trip(batch, lost):
    instruments = codec.Instruments(SYMBOLS)
    message = protobuf.encode_batch(batch, lost, "binance-spot", instruments)
    parsed = type(message).FromString(message.SerializeToString())
    assert protobuf.decode_batch(parsed) == batch
    assert parsed.lost == lost


@SETTINGS
@hypothesis.given(st.integers(-decimals.MANTISSA_MAX, decimals.MANTISSA_MAX), st.integers(-18, 4))
def test_decimals_are_exact_and_shortest(mantissa, exponent):
    text = decimals.write_decimal(mantissa, exponent)
    assert decimals.read_decimal(text, exponent) == mantissa
    assert not ("." in text and text.endswith("0"))
    assert not text.endswith(".")
    assert decimals.exponent_of(text) >= min(exponent, 0)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["type", "instrument", "bid", "ask", "state", "sequence", "bids", "kind", "payload", "venue"]
)


@SETTINGS
@hypothesis.given(st.one_of(JSON, st.dictionaries(FIELDS, JSON)), st.binary(max_size=40))
def test_ndjson_counts_nonsense_and_reads_on(content, noise):
    reader = make_ndjson()
    top = market.Top(1, 2, 0, 5, 7, 100, 1, 101, 1, 1 << 40).to_bytes()
    good = make_ndjson().encode(top)
    stream = json.dumps(content).encode() + b"\n" + noise.replace(b"\n", b"") + b"\n" + good
    assert reader.feed(stream)[-64:] == top
    assert reader.records >= 1


@SETTINGS
@hypothesis.given(st.binary(max_size=300))
def test_binary_never_breaks_on_noise(noise):
    reader = binary.BinaryCodec()
    reader.feed(noise)
    reader.end()
    assert reader.feed(market.make_stale_status()) == market.make_stale_status()


@SETTINGS
@hypothesis.given(tops(), st.booleans())
def test_the_fast_path_of_tops_reads_what_the_general_one_reads(top, trimmed):
    line = make_ndjson().encode(top.to_bytes())
    content = json.loads(line)
    if trimmed:
        content.pop("received_ns", None)
    instrument = SYMBOLS.index(content["instrument"])
    fast = fast_tops.read_fields(content, instrument, *EXPONENTS)
    general = make_ndjson()._read_any_top(content, instrument)
    assert fast in (None, general)
