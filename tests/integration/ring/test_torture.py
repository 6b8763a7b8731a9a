"""A short run of the torture that ``make torture`` runs long."""

import pytest
from torture import driver


@pytest.mark.system
def test_a_few_deaths_tear_nothing_and_lose_nothing_uncounted() -> None:
    score = driver.torture(0, 7, kills_min=9)
    assert score.problems == []
    assert score.kills == 9
