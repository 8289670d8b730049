/** Version and date of this build: of the package, unless the environment says otherwise (json-rpc-api §9.5). */

import { readFileSync } from 'node:fs'
import type { BuildFacts } from './system.js'

export function buildFacts(env: Readonly<Record<string, string | undefined>>): BuildFacts {
  return { version: env.SERVICE_VERSION ?? packageVersion(), buildDate: env.SERVICE_BUILD_DATE ?? '' }
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string'
  return known ? String(manifest.version) : ''
}
