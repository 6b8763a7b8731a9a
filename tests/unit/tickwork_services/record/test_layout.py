import pytest
from tickwork_services.record import frame, layout, market

BATCH = (
    market.Top().to_bytes()
    + frame.Frame(b"x" * 65).to_bytes()
    + market.Market(layout.TRADE, bids=((1, 1),)).to_bytes()
)


def test_a_batch_splits_at_its_headers():
    assert [len(each) for each in layout.split(BATCH)] == [64, 192, 192]
    assert layout.length_of(BATCH, 2) == 256
    assert layout.length_of(BATCH, 0) == 0


def test_a_cut_or_unknown_record_is_refused_with_its_place():
    with pytest.raises(layout.RecordError, match="at byte 256"):
        list(layout.split(BATCH[:-64]))
    with pytest.raises(layout.RecordError, match="type 0 does not exist"):
        layout.record_length(bytes(64))
    with pytest.raises(layout.RecordError, match="are no header"):
        layout.record_length(b"short")
