"""Blocks, interleaved; the disturbed ones thrown away; a ratio with its interval, or none."""

import dataclasses
import random
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import machine, process, rows

BLOCKS = 11
DISTURBED_SHARE = 0.02
FLOOR_SHARE = 0.9
DRAWS = 1_000
PATIENCE_SECONDS = 0.5
"""How long a disturbed round waits for quiet before the next one begins."""
SEED = 20_240_808


@dataclasses.dataclass(frozen=True)
class Block:
    """One timed block of one part."""

    figure: float
    disturbance: str
    neighbours: float
    extra: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Size:
    """How much is measured: blocks wanted, their length against a row's own, how often to try."""

    blocks: int = BLOCKS
    share: float = 1.0
    discards: bool = True


def play(players: process.Players, part: rows.Part, row: rows.Row, size: Size) -> Block:
    """Times one block and says what disturbed it. Raises PlayerError."""
    player = players.get(part.player)
    before = machine.read(players.pids())
    answer = player.play(part.row, max(1, int(row.milliseconds * size.share)))
    after = machine.read(players.pids())
    steal, foreign = machine.disturbance(before, after, row.cores)
    taken = 0.0
    if answer["cpuNs"] > 0:
        taken = 1 - answer["cpuNs"] / max(answer["ns"], 1)
    disturbed = ""
    for share, what in ((steal, "steal"), (foreign, "foreign CPU"), (taken, "core taken away")):
        if share > DISTURBED_SHARE and not disturbed:
            disturbed = f"{what} {share:.0%}"
    if answer.get("debug"):
        raise process.PlayerError(f"{part.player} is a DEBUG build: its figures mean nothing")
    per_operation = answer["ns"] / answer["count"]
    figure = rows.NS_PER_S / per_operation if row.per_second else per_operation / row.divisor
    busy = machine.neighbours(before, after, row.cores)
    return Block(figure, disturbed, busy, answer.get("extra", {}))


def measure(
    players: process.Players, row: rows.Row, size: Size, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Returns the row of ``results.json``; never raises for a peer that is missing."""
    parts = {"ours": row.ours}
    parts |= {f"peer {n}": part for n, part in enumerate(row.peers)}
    parts |= {f"beside {name}": part for name, part in row.beside.items()}
    missing = {}
    for key, part in list(parts.items()):
        try:
            play(players, part, row, dataclasses.replace(size, share=0.01))
        except process.PlayerError as error:
            missing[key] = str(error)
            tell(f"  {error}")
            del parts[key]
    if "ours" not in parts:
        return _without(row, missing["ours"], {}) | {"failed": True}
    rounds, thrown = _rounds(players, row, parts, size)
    figures = {key: [each[key].figure for each in rounds] for key in parts}
    if len(rounds) < size.blocks:
        tried = len(rounds) + len(thrown)
        reason = f"{len(thrown)} of {tried} rounds were disturbed: {_most_common(thrown)}"
        return _without(row, reason, figures)
    peers = [key for key in parts if key.startswith("peer")]
    if row.limit is None and not peers:
        reason = "; ".join(missing.values()) or "there is no peer"
        return _without(row, reason, figures)
    result = _with_ratio(row, figures, peers)
    result["extra"] = {key: each.extra for key, each in rounds[-1].items() if each.extra}
    busy = [block.neighbours for each in rounds for block in each.values()]
    result["otherCoresBusy"] = round(statistics.median(busy), 2)
    result["thrownAway"] = len(thrown)
    return result


def _rounds(
    players: process.Players, row: rows.Row, parts: dict[str, rows.Part], size: Size
) -> tuple[list[dict[str, Block]], list[str]]:
    """Rounds in which every part plays once, each time another one first."""
    good: list[dict[str, Block]] = []
    thrown: list[str] = []
    keys = list(parts)
    while len(good) < size.blocks and len(thrown) <= size.blocks:
        turn = (len(good) + len(thrown)) % len(keys)
        blocks = {key: play(players, parts[key], row, size) for key in keys[turn:] + keys[:turn]}
        disturbed = [block.disturbance for block in blocks.values() if block.disturbance]
        if disturbed and size.discards:
            thrown.append(disturbed[0])
            machine.wait_until_quiet(PATIENCE_SECONDS)
        else:
            good.append(blocks)
    return good, thrown


def _most_common(words: Sequence[str]) -> str:
    kinds = [word.rsplit(" ", 1)[0] for word in words]
    return statistics.mode(kinds) if kinds else "nothing"


def ratio_of(row: rows.Row, ours: Sequence[float], peer: Sequence[float]) -> float:
    """Ours against the peer's, above 1 when ours is worse."""
    if row.together:
        pairs = [one / other for one, other in zip(ours, peer, strict=True)]
        against = statistics.median(pairs)
    else:
        against = statistics.median(ours) / statistics.median(peer)
    return 1 / against if row.per_second else against


def interval(row: rows.Row, ours: Sequence[float], peer: Sequence[float]) -> tuple[float, float]:
    """The middle 95 % of the ratio over seeded draws of whole rounds."""
    chance = random.Random(SEED)
    places = range(len(ours))
    ratios = []
    for _ in range(DRAWS):
        drawn = chance.choices(places, k=len(ours))
        ratios.append(ratio_of(row, [ours[n] for n in drawn], [peer[n] for n in drawn]))
    ratios.sort()
    return ratios[DRAWS * 25 // 1000], ratios[DRAWS * 975 // 1000]


def _with_ratio(
    row: rows.Row, figures: dict[str, list[float]], peers: Sequence[str]
) -> dict[str, Any]:
    ours = figures["ours"]
    if row.limit is not None:
        peer, name = [row.limit] * len(ours), row.limit_name
    else:
        sign = -1 if row.per_second else 1
        best = min(peers, key=lambda key: sign * statistics.median(figures[key]))
        peer, name = figures[best], row.peers[int(best.split()[1])].name
    low, high = interval(row, ours, peer)
    ratio = ratio_of(row, ours, peer)
    missed_for = _floor(row, figures, peer, name) if row.must and ratio > row.must else None
    return {
        **_head(row, figures),
        **({"notMeasurable": missed_for} if missed_for else {}),
        "peer": statistics.median(peer),
        "peerName": name,
        "ratio": ratio,
        "low": low,
        "high": high,
        "blocks": len(ours),
        "met": row.must is None or ratio <= row.must if not missed_for else None,
        "stretchMet": row.stretch is None or ratio <= row.stretch,
    }


def _floor(
    row: rows.Row, figures: dict[str, list[float]], peer: Sequence[float], name: str
) -> str | None:
    """Returns why a must cannot be judged here: what ours contains leaves it no room."""
    if not row.floor or row.must is None:
        return None
    floor = statistics.median(figures[f"beside {row.floor}"])
    share = floor / statistics.median(peer)
    if share < FLOOR_SHARE * row.must:
        return None
    over = statistics.median(figures["ours"]) - floor
    return (
        f"{row.floor} takes {share:.3f} of {name} on this machine, the must is {row.must:g}; "
        f"ours adds {over:.1f} {row.unit.partition('/')[0]} to it"
    )


def _head(row: rows.Row, figures: dict[str, list[float]]) -> dict[str, Any]:
    median = {key: statistics.median(each) for key, each in figures.items() if each}
    beside = {key[7:]: each for key, each in median.items() if key.startswith("beside")}
    others = {
        part.name: median[f"peer {n}"] for n, part in enumerate(row.peers) if f"peer {n}" in median
    }
    return {
        "name": row.name,
        "unit": row.unit,
        "better": row.better,
        "ours": median.get("ours"),
        "must": row.must,
        "stretch": row.stretch,
        "beside": beside | (others if len(others) > 1 else {}),
    }


def _without(row: rows.Row, reason: str, figures: dict[str, list[float]]) -> dict[str, Any]:
    names = ", ".join(part.name for part in row.peers) or row.limit_name
    return {
        **_head(row, figures),
        "peer": None,
        "peerName": names,
        "ratio": None,
        "low": None,
        "high": None,
        "blocks": len(figures.get("ours", [])),
        "notMeasurable": reason,
    }
