"""Writes Kubernetes' JSON schemas as kubeconform reads them, from the package kubernetes-validate.

No network: the package holds them; absolute ids and references are made relative here.
"""

import importlib.util
import json
import pathlib
import re
import sys

VERSION = "1.37"
ABSOLUTE = re.compile(r'"/[^"]*?/_definitions\.json')


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: kubernetes_schemas.py FOLDER")
        return 2
    found = importlib.util.find_spec("kubernetes_validate")
    if found is None or found.origin is None:
        print("the package kubernetes-validate is not installed; run make chart")
        return 5
    held = pathlib.Path(found.origin).parent / "kubernetes-json-schema"
    sources = sorted(held.glob(f"v{VERSION}.*-local-strict"))
    if not sources:
        print(f"kubernetes-validate holds no schemas of Kubernetes {VERSION}")
        return 5
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(sources[-1].glob("*.json")):
        text = ABSOLUTE.sub('"_definitions.json', source.read_text("utf-8"))
        schema = json.loads(text)
        if isinstance(schema, dict):
            schema.pop("$id", None)
        (folder / source.name).write_text(json.dumps(schema), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
