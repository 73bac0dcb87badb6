#!/usr/bin/env bash
# Builds the gRPC C++ peer of rpc-benchmark, when gRPC C++ is installed (libgrpc++-dev,
# protobuf-compiler-grpc), and prints its path; prints nothing when it is not.
set -euo pipefail
cd "$(dirname "$0")/.."
pkg-config --exists grpc++ protobuf 2>/dev/null || exit 0
plugin=$(command -v grpc_cpp_plugin) || exit 0
folder=.build/grpc-peer
program=$folder/grpc-peer
sources=(Benchmarks/grpc-peer/peer.cc proto/tidemark/v1/ingest.proto proto/tidemark/v1/common.proto
  proto/tidemark/v1/rpc.proto)
if [ ! -x "$program" ] || [ -n "$(find "${sources[@]}" -newer "$program")" ]; then
  mkdir -p "$folder"
  protoc -I proto --cpp_out="$folder" --grpc_out="$folder" \
    --plugin=protoc-gen-grpc="$plugin" \
    tidemark/v1/ingest.proto tidemark/v1/common.proto tidemark/v1/rpc.proto
  read -ra flags <<<"$(pkg-config --cflags --libs grpc++ protobuf)"
  c++ -std=c++17 -O2 -I "$folder" -o "$program" Benchmarks/grpc-peer/peer.cc \
    "$folder"/tidemark/v1/*.cc "${flags[@]}"
fi
echo "$program"
