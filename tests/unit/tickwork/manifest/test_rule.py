import pydantic

from tickwork.manifest import envelope, rule
from tickwork.unit.model import Model


class Box(Model):
    size_max: int = 3
    name: str = "a'b"
    odd: bool = pydantic.Field(default=True, alias="isOdd")


CONTEXT = rule.Context("x", envelope.Shared(), None)


def findings(*breaches: rule.Breach) -> list[str]:
    made = rule.Rule[Box]("must be small", lambda *_: breaches)
    return [each.text for each in rule.check((made,), CONTEXT, Box())]


def test_every_finding_holds_the_words() -> None:
    texts = findings(
        rule.Breach(("a",)),
        rule.Breach(("b",), "it is 7"),
        rule.Breach(("c",), "a box must be small, and this one is 7"),
    )
    assert texts == [
        "must be small",
        "must be small: it is 7",
        "a box must be small, and this one is 7",
    ]


def test_a_value_is_read_as_the_model_reads_it() -> None:
    assert rule.written(Box, "size_max") == "self.?sizeMax.orValue(3)"
    assert rule.written(Box, "name", "each") == 'each.?name.orValue("a\'b")'
    assert rule.written(Box, "odd") == "self.?isOdd.orValue(true)"
