import pytest

from tickwork.local import process


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL"), (-15, "SIGTERM")]
)
def test_endings_have_words(code: int, words: str) -> None:
    assert process.describe_ending(code) == words
