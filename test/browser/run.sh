#!/usr/bin/env bash
# Tests of the page in Debian's Chromium, which is installed when it is not there. Ends with the count line of scripts/test.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/packages.sh

need_packages "chromium:chromium"
exec node scripts/lib/run-vitest.mjs --config vitest.browser.config.ts "$@"
