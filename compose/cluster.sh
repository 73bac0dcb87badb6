# A private PostgreSQL for the scripts of this folder, which source this file.
#
#   start_cluster PROGRAM FOLDER [OPTION ...]   starts `PROGRAM cluster` and sets
#                                               TIDEMARK_TEST_DATABASE_URL
#   stop_cluster                                ends it; also when the script ends
cluster_job=

stop_cluster() {
  [ -n "$cluster_job" ] || return 0
  kill "$cluster_job" 2>/dev/null || true
  wait "$cluster_job" 2>/dev/null || true
  cluster_job=
}
trap stop_cluster EXIT

# The address stands in the file as soon as PostgreSQL answers.
start_cluster() {
  local program="$1" folder="$2"
  shift 2
  mkdir -p "$(dirname "$folder")"
  rm -f "$folder.address"
  "$program" cluster --folder "$folder" "$@" \
    >"$folder.address" 2>"$folder.log" </dev/null &
  cluster_job=$!
  for _ in $(seq 600); do
    if [ -s "$folder.address" ]; then
      TIDEMARK_TEST_DATABASE_URL="$(cat "$folder.address")"
      export TIDEMARK_TEST_DATABASE_URL
      return 0
    fi
    kill -0 "$cluster_job" 2>/dev/null || break
    sleep 0.1
  done
  cat "$folder.log" >&2
  return 1
}
