#!/usr/bin/env bash
# `npm start -- OPTIONS`: sets the clone up when needed, then becomes the service (so signals reach it directly).
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
exec node dist/main.cjs run "$@"
