"""Reads a venue's sockets, stamps every frame on arrival, merges its lines, never stops reading.

Here: byte streams (``channel``), WebSocket sessions without a socket (``session``), connections,
lines and when they come back, the socket loop, the REST side and its ledgers. Never here: what a
venue's messages mean (``venues``), parsing and merging (native), order books (``components.book``).
"""
