#!/usr/bin/env bash
# Runs the benchmarks one after the other; each prints its ratios with their floors and fails below
# one. Give them a machine without other work.
#
#   compose/bench.sh [judgement-benchmark|rpc-benchmark|ingest-benchmark|scan-benchmark ...]
set -euo pipefail
cd "$(dirname "$0")/.."
benchmarks=("$@")
[ $# -gt 0 ] || benchmarks=(judgement-benchmark rpc-benchmark ingest-benchmark scan-benchmark)
compose/build.sh release

# Durable, as in use: the floor and the measured way pay the same for it.
source compose/cluster.sh
start_cluster .build/release/tidemark .tidemark/bench-postgres

# A peer where gRPC C++ is installed; the benchmark says so where it is not.
TIDEMARK_GRPC_PEER="$(compose/grpc-peer.sh)"
[ -z "$TIDEMARK_GRPC_PEER" ] || export TIDEMARK_GRPC_PEER
TIDEMARK_NUMPY_PYTHON="$(compose/numpy-peer.sh)"
[ -z "$TIDEMARK_NUMPY_PYTHON" ] || export TIDEMARK_NUMPY_PYTHON

code=0
for benchmark in "${benchmarks[@]}"; do
  echo "bench: $benchmark"
  ".build/release/$benchmark" || code=1
done
exit "$code"
