"""Gives the one image of an archive (``docker save`` form) a further name.

``retag.py ARCHIVE NAME:TAG``: the manifest is written anew, no layer is held twice, so that a
tag by commit and one by version cost one image.
"""

import io
import json
import pathlib
import shutil
import sys
import tarfile


def retag(archive: pathlib.Path, name: str) -> None:
    """Adds ``name`` to the image's names; raises ValueError unless there is exactly one image."""
    with tarfile.open(archive) as source:
        member = source.getmember("manifest.json")
        file = source.extractfile(member)
        images = json.load(file) if file else []
        if len(images) != 1:
            raise ValueError(f"{archive} holds {len(images)} images, not one")
        images[0]["RepoTags"] = [*dict.fromkeys([*images[0]["RepoTags"], name])]
        text = json.dumps(images).encode()
        fresh = archive.with_suffix(".new")
        with tarfile.open(fresh, "w") as out:
            for each in source:
                if each.name == "manifest.json":
                    each.size = len(text)
                    out.addfile(each, io.BytesIO(text))
                elif each.isfile():
                    out.addfile(each, source.extractfile(each))
                else:
                    out.addfile(each)
    shutil.move(fresh, archive)


if __name__ == "__main__":
    retag(pathlib.Path(sys.argv[1]), sys.argv[2])
