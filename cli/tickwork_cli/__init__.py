"""The front door: the one composition root, one file per verb.

Here: arguments, progress, words on the terminal, exit codes. May import every wing; none
imports it. A verb whose wing is missing says what to install.
"""
