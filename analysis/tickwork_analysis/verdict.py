"""What a run proved, in one sentence and one exit code. The rules: docs/reference/exit-codes.md."""

import dataclasses

from tickwork_analysis import results

GOOD, FAILED, UNEQUAL, UNPROVEN, DIED, INTERRUPTED = 0, 1, 3, 4, 6, 130
COMPARED_SHARE_MIN = 0.98
LIVE_SHARE_MIN = 0.9


@dataclasses.dataclass(frozen=True)
class Ending:
    """How the run ended, as the Conductor saw it.

    ``died`` names units, ``failures`` are texts, ``exit_code`` is the one of the first failure.
    """

    interrupted: bool = False
    died: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    exit_code: int = 0

    @property
    def status(self) -> str:
        """``complete``, ``interrupted`` or ``failed``, as results.json says it."""
        if self.interrupted:
            return "interrupted"
        return "failed" if self.died or self.failures else "complete"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One sentence for a person and one exit code for a machine."""

    text: str
    exit_code: int


def decide(ending: Ending, book: results.Book, losses: results.Losses) -> Verdict:
    """Returns the verdict; the first rule that holds wins: how it ended, then what it proved.

    Faults that were asked for and never struck are said: a run that missed them proved less.
    """
    proof = _proof(book)
    missed = losses.scheduled - losses.injected
    if missed > 0:
        text = f"{proof.text} {missed} of {losses.scheduled} scheduled faults never struck."
        proof = Verdict(text, proof.exit_code)
    if ending.interrupted:
        return Verdict(f"Interrupted; until then: {proof.text}", INTERRUPTED)
    if ending.died:
        names = ", ".join(ending.died)
        return Verdict(f"Unit {names} died; until then: {proof.text}", DIED)
    if ending.failures:
        return Verdict(f"The run failed: {ending.failures[0]}", ending.exit_code or FAILED)
    return proof


def _proof(book: results.Book) -> Verdict:
    unequal = book.compared - book.equal + book.ticker_compared - book.ticker_equal
    if unequal:
        total = book.compared + book.ticker_compared
        return Verdict(f"The book was wrong: {unequal:,} of {total:,} comparisons.", UNEQUAL)
    if book.open_gaps:
        left = "1 gap was" if book.open_gaps == 1 else f"{book.open_gaps:,} gaps were"
        return Verdict(f"{left} left open; no book was wrong.", UNEQUAL)
    if book.compared + book.ticker_compared == 0:
        return Verdict("Nothing could be proven: there was nothing to compare.", UNPROVEN)
    if book.compared and book.compared < COMPARED_SHARE_MIN * book.updates:
        share = book.compared / book.updates
        return Verdict(
            f"Too little was proven: {share:.1%} of {book.updates:,} updates compared.", UNPROVEN
        )
    return Verdict(_good(book), GOOD)


def _good(book: results.Book) -> str:
    if book.compared:
        text = f"The book was right at every one of {book.compared:,} update ids"
    else:
        text = f"The book equalled all {book.ticker_compared:,} comparable tickers"
    if book.gaps:
        gaps = "1 gap, closed" if book.gaps == 1 else f"{book.gaps:,} gaps, all closed"
        text += f", through {gaps}"
    if book.live_share is not None and book.live_share < LIVE_SHARE_MIN:
        text += f"; LIVE only {book.live_share:.1%} of the measured time"
    return text + "."
