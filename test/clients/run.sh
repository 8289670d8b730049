#!/usr/bin/env bash
# Well-known clients on the stream of a running service: ffmpeg, OpenCV, Chromium, and a strict reader in plain Python.
# What is missing is installed; when that cannot be, its tests are skipped and say why. Ends with the count line of scripts/test.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/packages.sh
. scripts/lib/opencv.sh

need_packages ffmpeg:ffmpeg python3:python3
CLIENTS_OPENCV_PYTHON=$(opencv_python test/clients/requirements.txt) || CLIENTS_OPENCV_PYTHON=
(need_packages chromium:chromium) && CLIENTS_CHROMIUM=yes || CLIENTS_CHROMIUM=
export CLIENTS_OPENCV_PYTHON CLIENTS_CHROMIUM
exec node scripts/lib/run-vitest.mjs --config vitest.clients.config.ts "$@"
