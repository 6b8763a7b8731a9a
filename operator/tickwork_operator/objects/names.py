"""Names and labels of everything that an Experiment owns; functions of its name and uid alone.

A name ends in a tag of the uid, so that two Experiments of one name, one after the other, never
meet. A second attempt (after a suspension) has a tag of its own.
"""

import base64
import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping

from tickwork.plan.plan import Group

NAME_MAX = 63
PORT_NAME_MAX = 15
PREFIX = "tickwork.dev"
EXPERIMENT_LABEL = f"{PREFIX}/experiment"
RUN_LABEL = f"{PREFIX}/run"
GROUP_LABEL = f"{PREFIX}/group"
ARM_LABEL = f"{PREFIX}/arm"
KIND_LABEL = f"{PREFIX}/kind"
COMPONENT_LABEL = "app.kubernetes.io/component"
READS_LABEL = f"{PREFIX}/reads"
CONDUCTOR = "conductor"
KEEPER = "keeper"
PLAN = "plan"
OPERATOR = "tickwork-operator"

_TAG_LENGTH = 5
_HASH_LENGTH = 8
_MARK_LENGTH = 3


def tag(uid: str, attempt: int = 1) -> str:
    """Returns what sets the children of one attempt apart: ``k3v7q``, later ``k3v7q-2``."""
    digest = hashlib.sha256(uid.encode()).digest()
    mark = base64.b32encode(digest[:_TAG_LENGTH]).decode().lower()[:_TAG_LENGTH]
    return mark if attempt == 1 else f"{mark}-{attempt}"


def run_id(experiment: str, mark: str) -> str:
    """Returns the run's name in unit files, labels and results; ``mark`` is the tag."""
    return f"{experiment}-{mark}"


def child(experiment: str, part: str, mark: str) -> str:
    """Returns ``<experiment>-<part>-<tag>`` as a DNS label; longer ones are cut and hashed.

    A Service's name begins with a letter (RFC 1035), an Experiment's may begin with a digit.
    """
    whole = f"{experiment}-{part}-{mark}"
    if whole[0].isdigit():
        whole = f"x{whole}"
    if len(whole) <= NAME_MAX:
        return whole
    ending = f"-{_hash(whole, _HASH_LENGTH)}-{mark}"
    return whole[: NAME_MAX - len(ending)].rstrip("-") + ending


def port_names(ports: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Returns a name of at most 15 characters for each (unit, port) of one Group, all different.

    It begins with the port's name, so that ``metrics.*`` finds what is to be scraped.
    """
    named: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for unit, port in ports:
        made = _plain(f"{port}-{unit}")
        salts = itertools.count()
        while len(made) > PORT_NAME_MAX or made in taken:
            made = _short_port(unit, port, next(salts))
        taken.add(made)
        named[unit, port] = made
    return named


def labels(
    experiment: str, run: str, kind: str, component: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """Returns the labels that every child has; ``component`` is a Group's name or conductor."""
    return {
        **extra,
        "app.kubernetes.io/name": "tickwork",
        "app.kubernetes.io/instance": experiment,
        COMPONENT_LABEL: component,
        "app.kubernetes.io/part-of": "tickwork",
        "app.kubernetes.io/managed-by": OPERATOR,
        EXPERIMENT_LABEL: experiment,
        RUN_LABEL: run,
        KIND_LABEL: kind,
    }


def plain_group(group: Group, arms: int) -> str:
    """Returns the Group's name without its arm, as ``spec.cluster.groups`` says it."""
    return group.name.removesuffix(f"-{group.arm}") if arms > 1 else group.name


def _hash(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _plain(text: str) -> str:
    """Returns ``text`` as a port's name may be written: no double dash, none at the ends."""
    return re.sub(r"-+", "-", re.sub(r"[^a-z0-9]", "-", text.lower())).strip("-")


def _short_port(unit: str, port: str, salt: int) -> str:
    """Returns ``<port>-<hash>``, with as much of the unit's name between as there is room.

    Another ``salt`` gives another hash, where the first is taken.
    """
    mark = _hash(f"{unit}/{port}/{salt}", _MARK_LENGTH)
    head = _plain(port)[: PORT_NAME_MAX - _MARK_LENGTH - 1]
    room = PORT_NAME_MAX - len(head) - _MARK_LENGTH - 2
    middle = _plain(unit)[: max(0, room)].strip("-")
    return _plain("-".join(part for part in (head, middle, mark) if part))
