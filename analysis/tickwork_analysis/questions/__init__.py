"""One file per question: one analysis, one answer."""
