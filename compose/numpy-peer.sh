#!/usr/bin/env bash
# Prints the path of a Python that has numpy, for the peer of judgement-benchmark; prints nothing
# when there is none.
set -euo pipefail
cd "$(dirname "$0")/.."
for python in .tidemark/venv/bin/python python3 /usr/bin/python3; do
  if command -v "$python" >/dev/null && "$python" -c 'import numpy' 2>/dev/null; then
    command -v "$python"
    exit 0
  fi
done
