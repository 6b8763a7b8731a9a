"""One figure a file: rows of a question in, a Vega-Lite specification and its caption out.

Here: what is drawn and how it is read. Never here: colours by number (palette) or files (drawing).
"""
