#!/usr/bin/env bash
# Builds the documentation of every public room with the toolchain's own builder; a warning fails.
#
#   compose/documentation.sh [room ...]
set -euo pipefail
cd "$(dirname "$0")/.."
readonly out=.build/documentation
rm -rf "$out"
mkdir -p "$out"

# What the compiler knows of each room's public words.
if ! swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members \
  >"$out/symbols.log" 2>&1; then
  tail -n 40 "$out/symbols.log" >&2
  exit 1
fi
graphs="$(sed -n 's/^Files written to //p' "$out/symbols.log")"

if [ $# -gt 0 ]; then
  rooms=("$@")
else
  mapfile -t rooms < <(find Sources -name '*.docc' -printf '%f\n' | sed 's/\.docc$//' | sort)
fi
failed=0
for room in "${rooms[@]}"; do
  mkdir -p "$out/$room"
  find "$graphs" \( -name "$room.symbols.json" -o -name "$room@*.symbols.json" \) \
    -exec cp {} "$out/$room/" \;
  if ! output="$(docc convert "$(find Sources -name "$room.docc")" \
    --additional-symbol-graph-dir "$out/$room" --fallback-display-name "$room" \
    --fallback-bundle-identifier "tidemark.$room" --output-path "$out/$room.doccarchive" \
    --warnings-as-errors 2>&1)"; then
    printf 'documentation: %s\n%s\n' "$room" "$output" >&2
    failed=1
  fi
done
[ "$failed" = 1 ] || echo "documentation: ${#rooms[@]} rooms without a warning"
exit "$failed"
