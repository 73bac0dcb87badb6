#!/bin/bash
# Exit code 0 when the service in this container answers with 200 on its admin port.
#
#   tidemark-health ADMIN_PORT [/healthz|/readyz]
#
# /healthz says that it lives, /readyz that it can work. Plain bash: the images need no HTTP client.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${1:?which port?}"
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "${2:-/healthz}" >&3
read -r -t 3 _ code _ <&3
[ "$code" = 200 ]
