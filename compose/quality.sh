#!/usr/bin/env bash
# Measures detection quality and prints each figure beside its goal; fails when one is worse than
# the figure that Tests/Quality/ratchet.json keeps.
#
#   compose/quality.sh [FOLDER]          the small set, and what FOLDER holds of the large ones
#   RATCHET=update compose/quality.sh    keeps the present figures
set -euo pipefail
cd "$(dirname "$0")/.."
arguments=(--ratchet "${RATCHET:-check}")
[ -z "${1:-}" ] || arguments+=(--data "$1")

compose/build.sh release --product tidemark
exec .tidemark/venv/bin/python Tests/Quality/quality.py .build/release/tidemark "${arguments[@]}"
