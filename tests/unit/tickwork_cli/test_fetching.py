import io
import pathlib
import tarfile

import pytest
from tickwork_cli import fetching

from tickwork import errors


def archive(tmp_path: pathlib.Path, *entries: tarfile.TarInfo) -> pathlib.Path:
    file = tmp_path / "run.tar"
    with tarfile.open(file, "w") as stream:
        for entry in entries:
            stream.addfile(entry, io.BytesIO(b"x" * entry.size))
    return file


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = ""):
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, link
    return made


def test_plain_files_are_unpacked(tmp_path) -> None:
    file = archive(tmp_path, entry("results.json", size=3), entry("blocks/000-main/a", size=1))
    assert fetching.unpack(file, tmp_path / "run") == 2
    assert (tmp_path / "run/blocks/000-main/a").read_bytes() == b"x"


@pytest.mark.parametrize(
    "evil",
    [
        entry("../outside", size=1),
        entry("blocks/../../outside", size=1),
        entry("link", tarfile.SYMTYPE, link="/etc/passwd"),
        entry("link", tarfile.LNKTYPE, link="../outside"),
        entry("device", tarfile.CHRTYPE),
        entry("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda each: each.name,
)
def test_what_leads_elsewhere_is_refused(tmp_path, evil) -> None:
    file = archive(tmp_path, evil)
    with pytest.raises(errors.RunError, match="Unpacking"):
        fetching.unpack(file, tmp_path / "run")
    assert not (tmp_path / "outside").exists()


def test_an_absolute_path_stays_below(tmp_path) -> None:
    file = archive(tmp_path, entry("/inside", size=1))
    fetching.unpack(file, tmp_path / "run")
    assert (tmp_path / "run/inside").exists()
