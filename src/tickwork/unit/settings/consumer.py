"""Settings of the consumer."""

import pydantic

from tickwork.unit.model import Model


class ConsumerSettings(Model):
    """How a consumer reads; ``instruments`` are the names behind the ids."""

    instruments: tuple[str, ...] = pydantic.Field(min_length=1)
    batch_records_max: int = pydantic.Field(default=4096, ge=1, le=1 << 20)
