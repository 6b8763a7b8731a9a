import pytest
from tickwork_analysis.report import measure


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "\u2013"), (850, "850 ns"), (12_400, "12.4 µs"), (3_100_000, "3.10 ms"),
     (2_000_000_000, "2.00 s"), (-1_500, "\u22121.50 µs"), (0, "0 ns")],
)  # fmt: skip
def test_time_has_three_digits_and_its_unit(value: int | None, text: str) -> None:
    assert measure.in_time(value) == text.replace(" ", measure.SPACE)


def test_interval_says_a_common_unit_once() -> None:
    assert measure.in_range(161_000, 369_000).replace(measure.SPACE, " ") == "161 \u2026 369 µs"
    assert measure.in_range(900, 1_200).replace(measure.SPACE, " ") == "900 ns \u2026 1.20 µs"


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100 %"), (0.99999, "99.99 %"), (0.98514, "98.5 %"), (0.0, "0 %"), (None, "\u2013")],
)
def test_share_is_never_rounded_up_to_all(share: float | None, text: str) -> None:
    assert measure.in_share(share) == text.replace(" ", measure.SPACE)
