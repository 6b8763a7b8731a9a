"""``tickwork crd``: the custom resource's definition, or a JSON schema for editors."""

import argparse
import json

from tickwork.kinds import crd, editor_schema

EXAMPLES = """\
examples:
  tickwork crd | kubectl apply --server-side -f -            what a cluster needs, without the chart
  tickwork crd --json-schema > experiment.schema.json        for an editor

An editor with YAML's language server reads the schema by a first line of the file:
  # yaml-language-server: $schema=experiment.schema.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verb's own arguments."""
    parser.add_argument(
        "--json-schema", action="store_true", help="print a JSON schema of the file instead"
    )


def execute(options: argparse.Namespace) -> int:
    """Prints what is asked for; returns 0."""
    if options.json_schema:
        print(json.dumps(editor_schema.editor_schema(), indent=2))
    else:
        print(crd.to_yaml(), end="")
    return 0
