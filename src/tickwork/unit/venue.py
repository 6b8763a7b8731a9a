"""The venues by name; what they are is known in ``tickwork_services.venues``."""

from typing import Annotated, Literal

import pydantic

VenueName = Literal["binance-spot", "binance-usdm"]
ChannelName = Literal["depth", "bookTicker", "trade", "aggTrade"]

SYMBOL_CHARACTERS_MAX = 48
# An instrument's id has 16 bits, and the last one names all instruments.
INSTRUMENTS_MAX = 65_534

Symbol = Annotated[str, pydantic.Field(max_length=SYMBOL_CHARACTERS_MAX)]
Instruments = Annotated[
    tuple[Symbol, ...],
    pydantic.Field(
        min_length=1,
        max_length=INSTRUMENTS_MAX,
        json_schema_extra={"x-kubernetes-list-type": "set"},
    ),
]
