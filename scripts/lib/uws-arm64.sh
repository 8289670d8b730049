#!/usr/bin/env bash
# arm64 only: the web server's binary is not part of the packages in package.json (41 MB, and of no use elsewhere).
set -euo pipefail
cd "$(dirname "$0")/../.."
package='@btc-vision/uwebsockets.js@20.57.0'
integrity='sha512-SuPpEjSKZ7P58L/27BXXsrGsMwLmPupfYny8oJsOmFZ4+zX7Ca97nBPtZ3ngKbfeDZzTyi7rXri74INGerhugg=='

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm pack --silent "$package" > /dev/null)
archive=$(ls "$folder"/*.tgz)
actual="sha512-$(node -e 'const { createHash } = require("node:crypto"); process.stdout.write(createHash("sha512").update(require("node:fs").readFileSync(process.argv[1])).digest("base64"))' "$archive")"
if [ "$actual" != "$integrity" ]; then
  echo "setup: $package has the wrong checksum ($actual); nothing was installed" >&2
  exit 1
fi
rm -rf node_modules/uws-arm64
mkdir -p node_modules/uws-arm64
tar -xzf "$archive" -C node_modules/uws-arm64 --strip-components=1
