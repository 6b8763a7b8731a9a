"""Section: was the book right?"""

from tickwork_analysis import results
from tickwork_analysis.report import measure, page, tables


def render(told: results.Results) -> page.Section:
    """Returns the section."""
    book = told.book
    rows = [
        ("Venue's true book, at every update id", book.compared, book.equal),
        ("Tickers of the venue, equal update id", book.ticker_compared, book.ticker_equal),
    ]
    table = tables.table(
        ("compared with", "compared", "equal", "unequal", "share"),
        [
            (
                name,
                measure.in_count(compared),
                measure.in_count(equal),
                tables.Cell(
                    measure.in_count(compared - equal), css="bad-word" if compared > equal else ""
                ),
                measure.in_share(equal / compared if compared else None),
            )
            for name, compared, equal in rows
        ],
    )
    covered = measure.in_share(book.compared / book.updates) if book.compared else "none"
    words = (
        f"{measure.in_count(book.updates)} updates of {book.instruments} instruments were applied; "
        f"{covered} of them were compared with the truth: number formats, level counts, a digest "
        f"over all levels, best prices and quantities. {_unpaired(book.ticker_unpaired)}"
    )
    return page.Section("proof", "Was the book right?", tables.paragraph(words) + table)


def _unpaired(count: int) -> str:
    if count == 0:
        return "Every ticker had an update of its id to be compared with."
    return f"{count:,} tickers had no update of their id to be compared with."
