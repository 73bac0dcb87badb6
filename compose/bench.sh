#!/usr/bin/env bash
# Runs the benchmarks one after the other; each prints its ratios with their floors and fails below
# one. Give them a machine without other work.
#
#   compose/bench.sh [rpc-benchmark|ingest-benchmark ...]
set -euo pipefail
cd "$(dirname "$0")/.."
benchmarks=("$@")
[ $# -gt 0 ] || benchmarks=(rpc-benchmark ingest-benchmark)
compose/build.sh release

cluster_job=
stop_cluster() {
  [ -n "$cluster_job" ] || return 0
  kill "$cluster_job" 2>/dev/null || true
  wait "$cluster_job" 2>/dev/null || true
}
trap stop_cluster EXIT
mkdir -p .tidemark
rm -f .tidemark/bench-address
# Durable, as in use: the floor and the measured way pay the same for it.
.build/release/tidemark cluster --folder .tidemark/bench-postgres \
  >.tidemark/bench-address </dev/null &
cluster_job=$!
for _ in $(seq 600); do
  [ -s .tidemark/bench-address ] && break
  kill -0 "$cluster_job" 2>/dev/null || exit 1
  sleep 0.1
done
TIDEMARK_TEST_DATABASE_URL="$(cat .tidemark/bench-address)"
export TIDEMARK_TEST_DATABASE_URL

# A peer where gRPC C++ is installed; the benchmark says so where it is not.
TIDEMARK_GRPC_PEER="$(compose/grpc-peer.sh)"
[ -z "$TIDEMARK_GRPC_PEER" ] || export TIDEMARK_GRPC_PEER

code=0
for benchmark in "${benchmarks[@]}"; do
  echo "bench: $benchmark"
  ".build/release/$benchmark" || code=1
done
exit "$code"
