import argparse
import subprocess
import sys

import pytest
from tickwork_cli import main, validate

from tickwork import errors


def _call(monkeypatch: pytest.MonkeyPatch, error: BaseException, *, debug: bool = False) -> int:
    def execute(options: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(validate, "execute", execute)
    return main.call(argparse.Namespace(verb="validate", debug=debug))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InputError("The file is wrong.", "Mend it."), 2),
        (errors.PortTakenError("The twin", "127.0.0.1:9000"), 5),
        (errors.UnitDiedError("pipeline/book", "SIGKILL"), 6),
        (errors.RunError("It ended."), 1),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("by zero"), 1),
    ],
)
def test_error_is_a_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    assert _call(monkeypatch, error) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("tickwork: ")
    assert "Traceback" not in told.err


def test_unexpected_error_says_how_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _call(monkeypatch, ZeroDivisionError("by zero"))
    assert "--debug" in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError):
        _call(monkeypatch, ZeroDivisionError("by zero"), debug=True)


@pytest.mark.parametrize("verb", [None, *main.VERBS])
def test_help_teaches_with_examples(verb: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main([*([verb] if verb else []), "--help"])
    assert ended.value.code == 0
    assert "examples:" in capsys.readouterr().out


def test_unknown_verb_is_bad_input() -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(["destroy"])
    assert ended.value.code == 2


def test_version_and_bare_call_are_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--version"]) == 0
    assert main.main([]) == 0
    assert "verbs" in capsys.readouterr().out


def test_validate_imports_no_wing() -> None:
    code = (
        "import sys; from tickwork_cli import main; main.main(['validate', 'missing.yaml']); "
        "wings = {name.partition('.')[0] for name in sys.modules}; "
        "print(sorted(wings & {'tickwork_services', 'tickwork_analysis', 'tickwork_native', "
        "'numpy', 'rich', 'grpc'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_ctrl_c_while_a_verb_is_imported_is_no_traceback(monkeypatch, capsys):
    def interrupt(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(main.importlib, "import_module", interrupt)
    assert main.main(["run", "demo.yaml"]) == main.INTERRUPTED
    assert capsys.readouterr().err == "tickwork: interrupted.\n"
