#!/usr/bin/env bash
# Removes what was built and what the demo made. Refuses while a demo runs.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -e .tidemark/demo.lock ] && ! flock -n .tidemark/demo.lock true; then
  echo "clean: a demo is running here; end it with Ctrl-C first" >&2
  exit 1
fi
# A clone that PostgreSQL's user cannot reach has its cluster elsewhere.
for place in .tidemark/*/place; do
  [ -e "$place" ] || continue
  cluster="$(cat "$place")"
  case "$cluster" in
    /var/lib/tidemark/?*) rm -rf "$cluster" ;;
  esac
done
rm -rf .build .tidemark
