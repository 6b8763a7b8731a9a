"""The rules across the fields of a pipeline, in one table; each breach is a mistake of its own."""

from tickwork.kinds.pipeline import flow_rules, venue_rules
from tickwork.kinds.pipeline import spec as specs
from tickwork.manifest.rule import Rule, literal

RULES: tuple[Rule[specs.PipelineSpec], ...] = (*venue_rules.RULES, *flow_rules.RULES)

IS_GROUP = (
    f"g == {literal(specs.PIPELINE_GROUP)} || "
    f"(g == {literal(specs.VENUE_GROUP)} && has(self.pipeline.venue.twin)) || "
    "(has(self.pipeline.consumers) && "
    "self.pipeline.consumers.exists(each, has(each.group) && each.group == g))"
)
"""Whether ``g`` is a group, in CEL; the planner's ``group_names`` says the same."""
