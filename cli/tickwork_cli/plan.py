"""``tickwork plan FILE``: what would run where, drawn in text."""

import argparse
import json
import pathlib
from collections.abc import Iterator

from tickwork import errors, run_directory
from tickwork.kinds import compiler
from tickwork.plan import bind, hosts
from tickwork.plan import plan as plans
from tickwork_cli import units_of_measure, validate

ADDRESSES = "addresses.json"
UNITS = "units"

EXAMPLES = """\
examples:
  tickwork plan experiments/pipeline/demo.yaml
  tickwork plan demo.yaml --set pipeline.placement=fused     three components in one process
  tickwork plan demo.yaml --json                             the Plan as plan.json holds it
  tickwork plan demo.yaml --units DIR                        what containers of it would read

A Plan is a function of the file alone: it names no host and no free port. With --units it is bound
to a host for each unit, named like the unit: units/UNIT.json for each of them, and plan.json,
experiment.yaml and addresses.json for `tickwork conduct`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument("file", type=pathlib.Path, metavar="FILE")
    validate.add_set(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print plan.json instead")
    form.add_argument(
        "--units", type=pathlib.Path, metavar="DIR", help="bind it to a host for each unit instead"
    )


def execute(options: argparse.Namespace) -> int:
    """Prints or binds the Plan of the file; raises ManifestError, PlanError or InputError."""
    experiment = compiler.load_file(options.file, options.sets)
    plan = compiler.compile_experiment(experiment)
    if options.units is not None:
        write_bound(plan, experiment.text, options.units)
        return 0
    print(
        plan.to_json() if options.json else "\n".join(draw(plan)), end="" if options.json else "\n"
    )
    return 0


def write_bound(plan: plans.Plan, text: str, directory: pathlib.Path) -> None:
    """Writes what units on hosts of their own read, and what their Conductor reads.

    Raises PlanError where two units share a name, InputError where ``directory`` takes no files.
    """
    units = bind.bind(plan, hosts.binding(plan, plan.experiment))
    files = {
        run_directory.PLAN: plan.to_json(),
        run_directory.EXPERIMENT: text,
        ADDRESSES: json.dumps({"targets": hosts.targets(plan)}, indent=1) + "\n",
        **{
            f"{UNITS}/{unit.name}.json": unit.model_dump_json(by_alias=True, indent=2) + "\n"
            for unit in units
        },
    }
    try:
        (directory / UNITS).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (directory / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise errors.InputError(
            f"Writing the units of {plan.experiment} into {directory}: {error}.",
            "Name a directory that can be written.",
        ) from error


def draw(plan: plans.Plan) -> Iterator[str]:
    """Yields the lines of the drawing: groups with units, links, blocks."""
    yield f"{plan.experiment}: {plan.kind}, {_how_long(plan)}, seed {plan.seed}"
    for group in plan.groups:
        arm = "" if group.arm == "main" else f" (arm {group.arm})"
        yield ""
        yield f"group {group.name}{arm}: shares a machine"
        for place, unit in enumerate(group.units):
            corner = "└─" if place == len(group.units) - 1 else "├─"
            yield f"  {corner} {unit.name:<12} {_components(unit)}"
    yield ""
    yield "links"
    yield from _links(plan)
    if len(plan.blocks) > 1:
        yield ""
        yield "blocks, in order"
        for block in plan.blocks:
            yield f"  {block.label:<16} {_seconds(block.duration_ns)}"


def _how_long(plan: plans.Plan) -> str:
    if plan.is_provider:
        return "runs until it is ended"
    block = plan.blocks[0]
    words = f"{_seconds(block.duration_ns)} of which {_seconds(block.warm_up_ns)} warm-up"
    return words if len(plan.blocks) == 1 else f"{len(plan.blocks)} blocks of {words}"


def _components(unit: plans.PlannedUnit) -> str:
    names = " → ".join(
        each.name if each.name == each.component else f"{each.name} ({each.component})"
        for each in unit.components
    )
    listens = sorted({port for each in unit.components for port in each.listens})
    ports = f"   listens: {', '.join(listens)}" if listens else ""
    connects = sorted({end for each in unit.components for end in each.connects.values()})
    urls = sorted({url for each in unit.components for url in each.urls.values()})
    reaches = f"   connects: {', '.join(connects + urls)}" if connects or urls else ""
    return f"{names}{ports}{reaches}"


def _links(plan: plans.Plan) -> Iterator[str]:
    rows = []
    for link in plan.links:
        ends = ", ".join(f"{_short(end)}" for end in link.inlets) or "whoever attaches"
        size = units_of_measure.in_bytes(link.capacity_bytes)
        kind = f"{link.transport} {link.topology}"
        rows.append((f"{_short(link.outlet)} → {ends}", kind, size, link.segment or ""))
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row[:3], widths, strict=True)]
        yield f"  {'   '.join(cells)}   {row[3]}".rstrip()


def _short(end: plans.End) -> str:
    return (
        f"{end.unit}.{end.port}"
        if end.unit.endswith(end.component)
        else (f"{end.unit}/{end.component}.{end.port}")
    )


def _seconds(duration_ns: int) -> str:
    return f"{duration_ns / 1e9:g} s"
