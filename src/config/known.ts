/** What the loader knows of a key path, and what to say of one it does not know. */

import { nearest } from '../base/nearest.js'
import { KEYS, KEYS_BY_PATH } from './schema.js'
import { KNOWN_WITHOUT_MEANING } from './without-meaning.js'

const ALL_PATHS: readonly string[] = [...KEYS_BY_PATH.keys(), ...KNOWN_WITHOUT_MEANING]
const SECTIONS: ReadonlySet<string> = new Set(ALL_PATHS.flatMap(sectionsOf))

/** Sections and keys that some older files hold elsewhere. */
const MOVED: Readonly<Record<string, string>> = {
  'mediamtx.external_discovery': 'external_discovery',
  'server_defaults.shutdown_timeout': 'server.shutdown_timeout',
}

/** Where a key of a file stands today; the same path for all but a few. */
export function presentPath(path: string): string {
  for (const [old, now] of Object.entries(MOVED)) {
    if (path === old || path.startsWith(`${old}.`)) return `${now}${path.slice(old.length)}`
  }
  return path
}

export function classify(path: string): 'key' | 'section' | 'without-meaning' | 'unknown' {
  if (KEYS_BY_PATH.has(path)) return 'key'
  if (SECTIONS.has(path)) return 'section'
  return KNOWN_WITHOUT_MEANING.has(path) ? 'without-meaning' : 'unknown'
}

export function unknownKeyText(where: string, path: string): string {
  const hint = nearest(path, [...ALL_PATHS, ...SECTIONS])
  return `${where}: ${path}: unknown key${hint === undefined ? '' : `, did you mean ${hint}?`}`
}

export function unknownVariableText(name: string): string {
  const hint = nearest(
    name,
    KEYS.map((entry) => entry.env),
  )
  return `${name}: unknown variable${hint === undefined ? '' : `, did you mean ${hint}?`}`
}

function sectionsOf(path: string): string[] {
  const parts = path.split('.')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'))
}
