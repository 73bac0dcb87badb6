#!/usr/bin/env bash
# Makes what compose.yaml expects under compose/secrets: passwords, keys, certificates.
#
#   compose/make-secrets.sh          makes what is missing; what is there stays as it is
#   compose/make-secrets.sh --list   names the files and makes nothing
#
# Needs openssl. Every file can be read by its owner only, and the containers run as that owner.
set -euo pipefail
cd "$(dirname "$0")"
readonly services=(ingest baseline detector classifier notifier gateway)
readonly roles=(ingest baseline classifier notifier gateway reader)
readonly folder=secrets
readonly days=825

names() {
  local name
  for name in "${services[@]}"; do
    printf './%s/%s\n' "$folder" "$name.key" "$folder" "$name.pem"
  done
  for name in "${roles[@]}"; do
    printf './%s/roles/%s\n' "$folder" "$name.password" "$folder" "$name.database"
  done
  printf './%s/%s\n' "$folder" ca.pem "$folder" callers.yaml "$folder" admin.password \
    "$folder" admin.database "$folder" gateway.token "$folder" pagerduty.routing-key
}

# Writes standard input to a new file that its owner alone may read.
keep() {
  cat >"$1.part"
  chmod 0400 "$1.part"
  mv "$1.part" "$1"
}

random_word() { openssl rand -hex 24; }

make_authority() {
  [ -e "$folder/ca.pem" ] && return 0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$days" \
    -subj "/CN=Tidemark house" -addext "basicConstraints=critical,CA:TRUE" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$folder/ca.key" -out "$folder/ca.pem" 2>/dev/null
  chmod 0400 "$folder/ca.key" "$folder/ca.pem"
}

# One file with the certificate, its authority's name for the service, and the private key.
make_certificate() {
  local name="$1" work
  [ -e "$folder/$name.pem" ] && return 0
  work="$(mktemp -d)"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
    -keyout "$work/key" -out "$work/request" 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n' \
    "$name" >"$work/extensions"
  openssl x509 -req -in "$work/request" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" \
    -set_serial "0x$(openssl rand -hex 16)" -days "$days" -extfile "$work/extensions" \
    -out "$work/certificate" 2>/dev/null
  cat "$work/certificate" "$work/key" | keep "$folder/$name.pem"
  rm -rf "$work"
}

make_caller_key() {
  [ -e "$folder/$1.key" ] && return 0
  openssl genpkey -algorithm ed25519 | keep "$folder/$1.key"
}

# Whose calls the services accept: each name with its public key.
write_callers() {
  local name
  for name in "${services[@]}"; do
    printf '%s: "%s"\n' "$name" \
      "$(openssl pkey -in "$folder/$name.key" -pubout -outform DER | tail -c 32 | base64)"
  done | keep "$folder/callers.yaml"
}

make_password() {
  [ -e "$folder/$1.password" ] || random_word | keep "$folder/$1.password"
}

# The address by which a role reaches its database.
write_address() {
  printf 'postgresql://%s:%s@postgres:5432/%s\n' "$2" "$(cat "$folder/$1.password")" "$3" \
    | keep "$folder/$1.database"
}

if [ "${1:-}" = --list ]; then
  names
  exit 0
fi
command -v openssl >/dev/null || { echo "make-secrets: openssl is not installed" >&2; exit 3; }
umask 077
mkdir -p "$folder/roles"
make_authority
for name in "${services[@]}"; do
  make_certificate "$name"
  make_caller_key "$name"
done
write_callers
make_password admin
write_address admin postgres postgres
# In a folder of their own, which the set-up run may write to.
for name in "${roles[@]}"; do
  make_password "roles/$name"
  write_address "roles/$name" "tidemark_$name" tidemark
done
# The first bearer token of the gateway.
[ -e "$folder/gateway.token" ] || random_word | keep "$folder/gateway.token"
# 32 characters, as PagerDuty's are; put the real one in its place.
[ -e "$folder/pagerduty.routing-key" ] \
  || printf '%032d\n' 0 | keep "$folder/pagerduty.routing-key"
# The containers run as the owner of these files, and never as root.
owner="$(id -u):$(id -g)"
if [ "$(id -u)" = 0 ]; then
  owner=10001:10001
  chown -R "$owner" "$folder"
fi
printf 'TIDEMARK_USER=%s\n' "$owner" >.env
echo "make-secrets: done; put PagerDuty's key into compose/$folder/pagerduty.routing-key"
