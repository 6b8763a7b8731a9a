"""What every frozen model of the contract shares: camelCase outside, snake_case inside."""

import pydantic
import pydantic.alias_generators


class Model(pydantic.BaseModel):
    """A frozen model that refuses unknown keys; fields are camelCase in YAML and JSON."""

    model_config = pydantic.ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=pydantic.alias_generators.to_camel,
        populate_by_name=True,
        validate_default=True,
        ser_json_inf_nan="constants",
    )
