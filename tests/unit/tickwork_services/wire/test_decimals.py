import pytest
from tickwork_services.wire import decimals


@pytest.mark.parametrize(
    ("mantissa", "exponent", "text"),
    [
        (120, -2, "1.2"),
        (100, -2, "1"),
        (5, -3, "0.005"),
        (-5, -3, "-0.005"),
        (0, -8, "0"),
        (7, 0, "7"),
        (5, 2, "500"),
        (123456789, -8, "1.23456789"),
    ],
)
def test_decimals_are_written_exactly_and_shortest(mantissa, exponent, text):
    assert decimals.write_decimal(mantissa, exponent) == text
    assert decimals.read_decimal(text, exponent) == mantissa


def test_the_exponent_of_a_text_ignores_trailing_zeros():
    assert [decimals.exponent_of(each) for each in ("1", "1.50", "0.005", "1.00")] == [0, -1, -3, 0]


@pytest.mark.parametrize(
    "text", ["", "1.", ".5", "1e5", "NaN", "+1", " 1", "1,0", "\u0661", None, 1]
)
def test_what_is_no_decimal_is_refused(text):
    with pytest.raises(ValueError, match="is no decimal number"):
        decimals.read_decimal(text, -2)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="finer than the exponent"):
        decimals.read_decimal("0.001", -2)
    with pytest.raises(ValueError, match="does not fit 64 bits"):
        decimals.read_decimal("92233720368547758.08", -2)
