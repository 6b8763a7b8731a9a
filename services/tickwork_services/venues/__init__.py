"""Venues as knowledge without a socket: what to say, what they say, their rules as data.

One folder per exchange, client side and server side. Never here: a socket, a transport, a codec.
"""
