"""Under which rights every container runs; Pod Security `restricted` passes by default."""

from typing import Any, Literal

Profile = Literal["restricted", "privileged"]

# One user for all containers of a pod: segments belong to their maker alone.
USER = 65_532
# The kernel gives added capabilities only to root, unless the file has them itself.
PRIVILEGED_USER = 0
PRIVILEGED_CAPABILITIES = ("IPC_LOCK", "SYS_NICE")


def of_pod(profile: Profile) -> dict[str, Any]:
    """Returns a pod's security context."""
    user = USER if profile == "restricted" else PRIVILEGED_USER
    return {
        "runAsNonRoot": user != 0,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def of_container(profile: Profile) -> dict[str, Any]:
    """Returns a container's security context; privileged may lock memory and ask for real time."""
    capabilities: dict[str, Any] = {"drop": ["ALL"]}
    if profile == "privileged":
        capabilities["add"] = list(PRIVILEGED_CAPABILITIES)
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": capabilities,
    }
