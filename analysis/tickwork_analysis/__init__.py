"""Reads what runs left behind and says what it means.

Here: reading run directories, percentiles, questions, results. Never here: anything that runs;
nothing that runs imports this.
"""
