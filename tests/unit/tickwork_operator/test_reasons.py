import re

import model_cluster
from tickwork_operator import reasons

PAGE = model_cluster.ROOT / "docs" / "reference" / "reasons.md"


def test_the_page_explains_every_word_and_no_other() -> None:
    told = re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(reasons.ALL)


def test_every_word_has_a_rank() -> None:
    words = {each for name, each in vars(reasons).items() if name.isupper() and name != "ALL"}
    assert words == set(reasons.ALL)
    assert len(reasons.ALL) == len(words)
