"""What every frozen model of the contract shares: camelCase outside, snake_case inside."""

from typing import Annotated

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


# Texts have an end, so that whoever checks a manifest knows what that costs.
Place = Annotated[str, pydantic.Field(max_length=4096)]

# A list whose items are told apart by their names; Kubernetes refuses a name that is there twice.
KEYED_BY_NAME: dict[str, pydantic.JsonValue] = {
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
}
