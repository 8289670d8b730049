#!/usr/bin/env bash
# Tests of the page in Debian's Chromium, Firefox and WebKitGTK, which are installed when they are not there. Ends with the count line of scripts/test.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/packages.sh

need_packages "chromium:chromium" "firefox-esr:firefox-esr" "WebKitWebDriver:webkit2gtk-driver" "Xvfb:xvfb"
exec node scripts/lib/run-vitest.mjs --config vitest.browser.config.ts "$@"
