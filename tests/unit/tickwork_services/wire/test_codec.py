import pytest
from tickwork_services.record import layout
from tickwork_services.wire import codec


def test_names_and_ids_are_each_other_back():
    known = codec.Instruments(["BTCUSDT"])
    for id_, name in [(0, "BTCUSDT"), (5, 5), (layout.ANY_INSTRUMENT, None)]:
        assert known.name(id_) == name
        assert known.id(name) == id_
    for unknown in ("XRPUSDT", -1, 70_000, 1.5):
        with pytest.raises(ValueError, match="is not among"):
            known.id(unknown)


def test_learned_exponents_only_grow_finer():
    known = codec.Instruments(["BTCUSDT"])
    assert known.exponents(0) is None
    known.learn(0, -2, -3)
    known.learn(0, -1, -5)
    assert known.exponents(0) == (-2, -5)
