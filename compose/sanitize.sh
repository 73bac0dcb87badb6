#!/usr/bin/env bash
# Runs the Swift tests under a sanitizer; its builds stand apart from the others.
#
#   compose/sanitize.sh thread|address [FILTER]     FILTER as `swift test` takes it
set -euo pipefail
cd "$(dirname "$0")/.."
sanitizer="${1:-}"
filter="${2:-.}"
flags=(--sanitize="$sanitizer" --scratch-path ".build/sanitize-$sanitizer")
case "$sanitizer" in
  thread)
    # Locks that the sanitizer sees, and what it cannot see is named in the file.
    flags+=(-Xswiftc -DTIDEMARK_SANITIZE_THREAD)
    export TSAN_OPTIONS="suppressions=$PWD/compose/thread-sanitizer.supp"
    ;;
  # libpq, libcurl and the runtime keep what they made once until the process ends.
  address) export ASAN_OPTIONS=detect_leaks=0 ;;
  *)
    echo "usage: compose/sanitize.sh thread|address [FILTER]" >&2
    exit 2
    ;;
esac

compose/build.sh debug --product tidemark
source compose/cluster.sh
start_cluster .build/debug/tidemark .tidemark/sanitize-postgres \
  --throw-away --connections-limit 400
export TIDEMARK_TEST_PYTHON="$PWD/.tidemark/venv/bin/python"
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2

compose/build.sh debug --build-tests "${flags[@]}"
swift test --skip-build --disable-xctest "${flags[@]}" --filter "$filter"
