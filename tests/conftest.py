"""What holds for every test."""

import signal

import hypothesis

# A test run in a shell's background inherits an ignored SIGINT and would hand it on to the
# programs it starts; a person's Ctrl-C reaches them otherwise.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What an example takes says how busy the machine is; performance is shown by the benchmarks.
hypothesis.settings.register_profile(
    "tickwork", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tickwork")
