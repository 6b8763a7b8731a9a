"""How a record becomes bytes and comes back: binary, NDJSON, protobuf.

Never here: sockets and files (``link``, ``capture``).
"""
