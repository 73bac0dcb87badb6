#!/usr/bin/env bash
# Runs every test: form, build, Swift tests against a private PostgreSQL, documentation, foreign
# clients, packaging, the demo's path. Ends with the test runner's own closing line.
#
#   compose/test.sh            all
#   compose/test.sh NAME ...   only steps of those names: lint build swift interop quality
#                              documentation
#
# Detection quality is measured on the folder that TIDEMARK_QUALITY_DATA names, else on a small set
# that is made on the spot.
set -uo pipefail
cd "$(dirname "$0")/.."
readonly binaries=.build/debug cluster=.tidemark/test-postgres log=.tidemark/test-swift.log
readonly interop_log=.tidemark/test-interop.log
readonly wanted=" ${*:-lint build swift interop quality documentation} "
failures=()
# shellcheck source=compose/cluster.sh
source compose/cluster.sh

is_wanted() { [[ "$wanted" == *" $1 "* ]]; }

# Runs one step and goes on when it fails, so that one run tells everything.
step() {
  local name="$1" started=$SECONDS
  shift
  printf 'test: %s\n' "$name"
  if "$@"; then
    printf 'test: %s: passed (%d s)\n' "$name" $((SECONDS - started))
  else
    printf 'test: %s: FAILED (%d s)\n' "$name" $((SECONDS - started))
    failures+=("$name")
    return 1
  fi
}

trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command, its output into a file, with one line every five seconds.
with_progress() {
  local file="$1" job started=$SECONDS
  shift
  "$@" >"$file" 2>&1 </dev/null &
  job=$!
  while kill -0 "$job" 2>/dev/null; do
    sleep 1
    if (((SECONDS - started) % 5 == 0)); then
      printf 'test: %d tests passed so far (%d s)\n' \
        "$(grep -c '^✔ Test [^r]' "$file")" $((SECONDS - started))
    fi
  done
  wait "$job"
}

swift_tests() {
  # With the packages of the interop programs: a real SMTP server among them.
  export TIDEMARK_TEST_PYTHON="$PWD/.tidemark/venv/bin/python"
  # Two at a time: with hundreds at once one that computes would keep the few threads of the pool
  # from those that wait for an answer within its deadline.
  export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2
  with_progress "$log" swift test --skip-build
  local code=$?
  if [ "$code" != 0 ]; then
    grep -E -A 1 '^✘|error:|Fatal|Crash' "$log" | grep -vE '^(--|◇|✔)' | cut -c 1-400 | tail -n 120
  fi
  return "$code"
}

interop_tests() {
  local check code=0
  : >"$interop_log"
  for check in Tests/Interop/check_*.py; do
    [ -e "$check" ] || continue
    if [ -n "${cluster_job}" ]; then
      .tidemark/venv/bin/python "$check" "$binaries" 2>&1 | tee -a "$interop_log" ||
        { code=1; echo "test: $check failed"; }
    fi
  done
  return "$code"
}

quality_tests() {
  local data=(--quick)
  [ -z "${TIDEMARK_QUALITY_DATA:-}" ] || data+=(--data "$TIDEMARK_QUALITY_DATA" --no-small)
  .tidemark/venv/bin/python Tests/Quality/quality.py "$binaries/tidemark" "${data[@]}"
}

# What failed, once more at the end: the last lines are what a reader of a long log sees first.
say_again() {
  if is_wanted swift; then grep -E '^✘' "$log" | cut -c 1-240 | head -n 6; fi
  if is_wanted interop; then grep -A 2 'FAILED' "$interop_log" | cut -c 1-400 | head -n 12; fi
}

# In a function, so that the shell has read all of it before a step may change this file.
main() {
  is_wanted lint && step lint compose/lint.sh
  if is_wanted build && ! step build compose/build.sh debug --build-tests; then
    exit 1
  fi
  if is_wanted swift || is_wanted interop; then
    if step "private cluster" start_cluster "$binaries/tidemark" "$cluster" --throw-away \
      --connections-limit 400; then
      is_wanted swift && step "swift tests" swift_tests
      is_wanted interop && step interop interop_tests
    fi
  fi
  is_wanted quality && step quality quality_tests
  is_wanted documentation && step documentation compose/documentation.sh
  stop_cluster

  if [ "${#failures[@]}" -gt 0 ]; then
    printf 'test: failed: %s\n' "$(printf '%s; ' "${failures[@]}")"
    say_again
  else
    echo "test: everything passed"
  fi
  # The runner's closing line stays the last one.
  if is_wanted swift; then grep -E 'Test run with' "$log" | tail -n 1; fi
  [ "${#failures[@]}" = 0 ]
}

main
exit
