#!/usr/bin/env bash
# Builds the programs and says so every few seconds when nobody watches a terminal.
#
#   compose/build.sh debug|release [further arguments of swift build]
set -euo pipefail
cd "$(dirname "$0")/.."
readonly configuration="${1:-debug}"
shift || true

# Without colours: with them the compiler's arguments differ between a terminal and a pipe, and
# everything would be built again whenever one follows the other.
build=(swift build --no-color-diagnostics -c "$configuration" "$@")
if [ -t 1 ]; then
  exec "${build[@]}"
fi

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
started=$SECONDS
"${build[@]}" >"$log" 2>&1 </dev/null &
job=$!
while kill -0 "$job" 2>/dev/null; do
  sleep 1
  if (((SECONDS - started) % 5 == 0)); then
    printf 'build: %s (%d s)\n' "$(tail -n 1 "$log" | cut -c 1-100)" $((SECONDS - started))
  fi
done
if wait "$job"; then
  printf 'build: %s: done (%d s)\n' "$configuration" $((SECONDS - started))
else
  code=$?
  printf 'build: %s: failed\n' "$configuration" >&2
  cat "$log" >&2
  exit "$code"
fi
