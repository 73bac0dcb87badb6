#!/usr/bin/env bash
# The product's three calls with curl.
#
#   GATEWAY=http://127.0.0.1:8080 TOKEN=... examples/curl.sh CUSTOMER
#
# CUSTOMER is an external id or a UUID. Dismisses the first open anomaly of the customer, if any.
set -euo pipefail
: "${GATEWAY:?the address of the gateway}" "${TOKEN:?a bearer token}"
customer="${1:?whose anomalies?}"

call() { curl --silent --show-error --fail-with-body -H "Authorization: Bearer $TOKEN" "$@"; }

# What is out of the ordinary at this customer, worst and newest first.
anomalies="$(call "$GATEWAY/api/customers/$customer/usage/anomalies?status=open&page_size=5")"
printf '%s\n' "$anomalies"

# A scan of everything. The key makes a repeat of the same request harmless.
call -X POST "$GATEWAY/api/analytics/anomalies/scan" \
  -H "Idempotency-Key: \"$(date +%s)-$$\"" -H 'Content-Type: application/json' -d '{}'
printf '\n'

# A person's word that it was no problem.
id="$(python3 -c 'import json, sys; a = json.load(sys.stdin)["anomalies"]; print(a[0]["id"] if a else "")' \
  <<<"$anomalies")"
if [ -n "$id" ]; then
  call -X PUT "$GATEWAY/api/analytics/anomalies/$id/dismiss" \
    -H 'Content-Type: application/json' \
    -d '{"reason": "planned maintenance", "comment": "told us in advance"}'
  printf '\n'
fi
