"""A Group's headless Service: its name stands for the pod, also while it is not ready."""

from typing import Any

from tickwork.plan.plan import Group
from tickwork_operator.objects import addresses, names
from tickwork_operator.objects.run import Run


def build(run: Run, group: Group) -> dict[str, Any]:
    """Returns the Service that names every port of every unit of ``group``."""
    numbers = addresses.ports(group)
    port_names = names.port_names(numbers)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            **run.metadata(run.child(group.name), group.name),
            "labels": {**run.labels(group.name), names.GROUP_LABEL: group.name},
        },
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {names.RUN_LABEL: run.run_id, names.GROUP_LABEL: group.name},
            "ports": [
                {
                    "name": port_names[key],
                    "port": number,
                    "targetPort": number,
                    "protocol": "TCP",
                }
                for key, number in numbers.items()
            ],
        },
    }
