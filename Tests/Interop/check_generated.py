#!/usr/bin/env python3
"""Checks that the generated C and Swift are what proto/generate.sh writes today.

usage: check_generated.py BINARIES

BINARIES is the folder with the built programs; its protoc-gen-tidemark is used.
"""

from __future__ import annotations

import filecmp
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    generator = pathlib.Path(sys.argv[1]).resolve() / "protoc-gen-tidemark"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [ROOT / "proto/generate.sh", folder],
            env={**os.environ, "TIDEMARK_GENERATOR": str(generator)},
            capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            print(f"check_generated: proto/generate.sh failed: {done.stderr.strip()}")
            return 1
        written = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())
        drifted = []
        for path in written:
            name = path.relative_to(folder)
            kept = ROOT / name
            if not kept.exists() or not filecmp.cmp(path, kept, shallow=False):
                drifted.append(str(name))
        # A contract that is gone must not leave its code behind.
        names = {str(path.relative_to(folder)) for path in written}
        for generated in ROOT.glob("Sources/**/Generated/*.swift"):
            if str(generated.relative_to(ROOT)) not in names:
                drifted.append(f"{generated.relative_to(ROOT)} (nothing makes it any more)")
    for name in drifted:
        print(f"check_generated: {name} is not what the contracts say; run make generate")
    print(f"check_generated: {len(written)} files compared, {len(drifted)} drifted")
    return 1 if drifted or not written else 0


if __name__ == "__main__":
    sys.exit(main())
