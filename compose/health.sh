#!/bin/bash
# Exit code 0 when the service in this container answers /healthz with 200.
#
#   tidemark-health ADMIN_PORT
#
# Plain bash, so that the images need no HTTP client.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${1:?which port?}"
printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 3 _ code _ <&3
[ "$code" = 200 ]
