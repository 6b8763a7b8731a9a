"""The strict and the tolerant path agree: by hand, on captures, on mutations, on noise."""

import contextlib
import gzip
import json
import os
import pathlib
import random

import pytest
import tickwork_native
from hypothesis import given
from hypothesis import strategies as st

SEED = 20240808
MUTANTS = 20_000
# A mutant with many decimals makes the scale so fine that later ones no longer fit.
MUTANTS_PER_PARSER = 100
INSERTS = [b" ", b"0", b"-", b"\\", b'"', b"e5", b".", b"\xff"]
REPLACEMENTS = [b"9", b"0", b"{", b"}", b"[", b"]", b","]

CAPTURES = {
    "binance-spot/btcusdt_20240808.gz": "binance-spot",
    "binance-spot/btcusdt_20240809.gz": "binance-spot",
    "binance-usdm/btcusdt_20240808.gz": "binance-usdm",
}

DEPTH = (
    '{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":12,"u":20,'
    '"pu":11,"b":[["58710.20","0.014"],["1","0"]],"a":[["61800.30","2.51"]]}'
)
TICKER = '{"u":7,"s":"BTCUSDT","b":"61837.63","B":"3.78","a":"61837.64","A":"1.5"}'
TRADE = (
    '{"e":"trade","E":17,"T":16,"s":"BTCUSDT","t":5,"p":"61800.30","q":"0.006","X":"MARKET",'
    '"m":false}'
)
AGGREGATE = (
    '{"e":"aggTrade","E":17,"s":"BTCUSDT","a":9,"p":"0.001","q":"100","f":100,"l":105,"T":16,'
    '"m":true,"M":true}'
)
SNAPSHOT = '{"lastUpdateId":9,"bids":[["61837.63","3.7"]],"asks":[["61837.64","1.5"]]}'
SMALL = [DEPTH, TICKER, TRADE, AGGREGATE, SNAPSHOT]


def _parser(venue: str = "binance-spot") -> tickwork_native.Parser:
    return tickwork_native.Parser(venue, ["BTCUSDT"], payload_bytes_max=1 << 20)


def _read(parser: tickwork_native.Parser, payload: bytes, path: str) -> bytes | str:
    """Returns the record, or the reason why there is none."""
    try:
        return parser.parse(payload, path=path)
    except tickwork_native.ParseRefused as refused:
        return refused.reason


def _payloads(capture: str) -> list[bytes]:
    root = os.environ.get("TICKWORK_RECORDINGS")
    if root is None:
        pytest.skip("TICKWORK_RECORDINGS is not set: there are no captures to read")
    with gzip.open(pathlib.Path(root) / capture) as lines:
        return [line.split(b" ", 1)[1].rstrip(b"\n") for line in lines]


def _check_agreement(
    strict: tickwork_native.Parser, tolerant: tickwork_native.Parser, payload: bytes
) -> bool:
    """Returns whether the strict path took the payload, after comparing both.

    The strict path only reads scales that the tolerant one has set, so each payload first goes
    to both parsers by the tolerant path: both then have the same scales.
    """
    expected = _read(tolerant, payload, "tolerant")
    assert _read(strict, payload, "tolerant") == expected
    found = _read(strict, payload, "strict")
    if isinstance(found, str):
        return False
    assert found == expected, payload
    return True


def _mutate(chance: random.Random, payload: bytes) -> bytes:
    changed = bytearray(payload)
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(changed)) if changed else 0
        match chance.randrange(6):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[at : at + chance.randint(1, 4)]
            case 2:
                changed[at:at] = chance.choice(
                    [b" ", b"0", b"-", b"\\", b'"', b"e5", b".", b"\xff"]
                )
            case 3:
                del changed[at:]
            case 4:
                changed[at:at] = changed[at : at + 12]
            case _:
                changed[at : at + 1] = chance.choice(REPLACEMENTS)
    return bytes(changed)


@pytest.mark.parametrize(("capture", "venue"), CAPTURES.items())
def test_strict_and_tolerant_parser_agree(capture: str, venue: str) -> None:
    strict, tolerant = _parser(venue), _parser(venue)
    payloads = _payloads(capture)
    taken = sum(_check_agreement(strict, tolerant, payload) for payload in payloads)
    assert taken == len(payloads), "every captured message goes by the strict path"


@pytest.mark.parametrize(("capture", "venue"), CAPTURES.items())
def test_strict_and_tolerant_parser_agree_on_mutations(capture: str, venue: str) -> None:
    chance = random.Random(SEED)
    payloads = [payload for payload in _payloads(capture) if len(payload) < 2000]
    taken = 0
    for number, payload in enumerate(chance.choices(payloads, k=MUTANTS)):
        if number % MUTANTS_PER_PARSER == 0:
            strict, tolerant = _parser(venue), _parser(venue)
        taken += _check_agreement(strict, tolerant, _mutate(chance, payload))
    assert taken > MUTANTS // 100, "many mutants are still good messages"


def test_strict_and_tolerant_parser_agree_without_captures() -> None:
    chance = random.Random(SEED)
    taken = 0
    for text in SMALL * (MUTANTS // len(SMALL) // MUTANTS_PER_PARSER):
        strict, tolerant = _parser(), _parser()
        assert _check_agreement(strict, tolerant, text.encode())
        wrapped = f'{{"stream":"btcusdt@x","data":{text}}}'.encode()
        for _ in range(MUTANTS_PER_PARSER // 2):
            taken += _check_agreement(strict, tolerant, _mutate(chance, text.encode()))
            taken += _check_agreement(strict, tolerant, _mutate(chance, wrapped))
    assert taken > MUTANTS // 100, "many mutants are still good messages"


@given(st.binary(max_size=200))
def test_noise_is_refused_by_name_and_never_breaks_the_parser(noise: bytes) -> None:
    assert _read(_parser(), noise, "strict") == "malformed"
    found = _read(_parser(), noise, "both")
    # An answer of the venue, such as an error, is understood and makes no record.
    assert found == b"" or isinstance(found, str)


@given(st.sampled_from(SMALL), st.randoms(use_true_random=False))
def test_any_order_of_keys_gives_the_same_record(text: str, chance: random.Random) -> None:
    items = [*json.loads(text).items(), ("new", {"a": [1, None]})]
    chance.shuffle(items)
    shuffled = json.dumps(dict(items), indent=1).encode()
    assert _read(_parser(), shuffled, "both") == _read(_parser(), text.encode(), "both")


def test_a_message_that_is_no_market_data_gives_no_record() -> None:
    for text in (b'{"result":null,"id":1}', b'{"e":"serverShutdown","E":1770123456789}'):
        assert _parser().parse(text) == b""


def test_a_refusal_says_why() -> None:
    parser = _parser()
    cases = {
        b"\xff{}": "notUtf8",
        b"hello": "malformed",
        DEPTH.encode()[:50]: "truncated",
        b" " * ((1 << 20) + 1): "tooLarge",
        b'{"e":"kline"}': "unknownType",
        TICKER.replace("BTC", "ETH").encode(): "unknownInstrument",
        TICKER.replace("3.78", "x").encode(): "badNumber",
        TICKER.replace("3.78", "1" * 20).encode(): "numberDoesNotFit",
    }
    for payload, reason in cases.items():
        with pytest.raises(tickwork_native.ParseRefused, match=reason):
            parser.parse(payload)
        with contextlib.suppress(tickwork_native.ParseRefused):
            parser.parse(memoryview(payload))


def test_exponents_are_learned_and_only_grow_finer() -> None:
    parser = _parser()
    assert parser.exponents() == [(0, 0)]
    parser.parse(TICKER.encode())
    assert parser.exponents() == [(-2, -2)]
    parser.parse(TICKER.replace("61837.63", "61837.6301").encode())
    parser.parse(TICKER.replace("61837.63", "61837.6300").encode())
    assert parser.exponents() == [(-4, -2)]


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="binance-spot, binance-usdm"):
        tickwork_native.Parser("mtgox", ["BTCUSDT"])
    with pytest.raises(ValueError, match="twice"):
        tickwork_native.Parser("binance-spot", ["BTCUSDT", "BTCUSDT"])
    with pytest.raises(ValueError, match="tolerant"):
        _parser().parse(b"{}", path="loose")
