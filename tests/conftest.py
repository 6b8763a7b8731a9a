"""What holds for every test."""

import signal

# A test run in a shell's background inherits an ignored SIGINT and would hand it on to the
# programs it starts; a person's Ctrl-C reaches them otherwise.
signal.signal(signal.SIGINT, signal.default_int_handler)
