"""How fast the product is beside its best peers, block by block in one run.

Here: the runner, the rows, the players (one process each, ours and the peers'), C probes, the kept
results. Never here: a test that fails on a slow machine without a peer beside it, a peer's code.
``python -m benchmarks`` runs everything; ``--smoke`` needs no peers and no recordings.
"""
