"""Wishes to the kernel, asked in a process of their own so that the tests keep theirs."""

import subprocess
import sys

ASK = """
import os, resource
from tickwork_services.host import privileges
resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
resource.setrlimit(resource.RLIMIT_MEMLOCK, (4096, 4096))
if os.getuid() == 0:
    os.setgroups([])
    os.setresuid(65534, 65534, 65534)
print("\\n".join(privileges.ask(50, lock_memory=True)))
"""


def asked(script: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout


def test_what_is_not_permitted_is_told() -> None:
    told = asked(ASK)
    assert "realTimePriority 50 was not granted" in told
    assert "lockMemory was not granted" in told


def test_who_wants_nothing_is_told_nothing() -> None:
    wants = "from tickwork_services.host import privileges\n"
    assert asked(wants + "print(list(privileges.ask(None, lock_memory=False)))") == "[]\n"
