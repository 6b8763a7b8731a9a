import pytest
from tickwork_cli import units_of_measure as measure


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "-"), (0, "0 ns"), (999, "999 ns"), (1_000, "1.00 µs"), (12_400, "12.4 µs"),
        (3_100_000, "3.10 ms"), (250_000_000, "250 ms"), (2_000_000_000, "2.00 s"),
        (-12_400, "-12.4 µs"),
    ],
)  # fmt: skip
def test_time_has_three_digits_and_its_unit(value: int | None, words: str) -> None:
    assert measure.in_time(value) == words


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (65_536, "64 KiB"), (1 << 24, "16 MiB"), (3 << 30, "3 GiB")]
)
def test_sizes_are_binary(size: int, words: str) -> None:
    assert measure.in_bytes(size) == words


def test_what_is_not_known_is_a_dash() -> None:
    assert (measure.in_count(None), measure.in_share(None)) == ("-", "-")
    assert (measure.in_count(1_234_567), measure.in_share(0.951)) == ("1,234,567", "95.1%")
