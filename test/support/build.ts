/** Brings dist/ and the addon up to date once per test run: whole-process tests run what users run. */

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

export function setup(): void {
  execFileSync('scripts/build-native.sh', { cwd: ROOT, stdio: 'inherit' })
  execFileSync('scripts/build-ts.sh', { cwd: ROOT, stdio: 'inherit' })
}
