import os
import signal

from tickwork.local import interruption


def test_the_second_wish_is_called_once() -> None:
    calls: list[int] = []
    wish = interruption.Interruption(lambda: calls.append(1))
    assert not wish.is_set
    wish.ask()
    assert wish.is_set
    assert calls == []
    wish.ask()
    wish.ask()
    assert calls == [1]


def test_signals_ask_while_the_body_runs() -> None:
    before = signal.getsignal(signal.SIGTERM)
    wish = interruption.Interruption(lambda: None)
    with interruption.listening(wish):
        os.kill(os.getpid(), signal.SIGTERM)
        assert wish.wait(1_000_000_000)
    assert signal.getsignal(signal.SIGTERM) is before


def test_under_nohup_a_closed_terminal_is_no_wish() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruption.listening(interruption.Interruption(lambda: None)):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
