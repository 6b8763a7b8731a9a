"""A run as one page that a person reads: report.html, its figures, and two runs side by side.

Here: figures in one grammar (Vega-Lite), tables, words, the page. Never here: a number that no
question answered, or a script that was copied: the page's come out of an installed package.
"""
