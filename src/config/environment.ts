/** Settings from environment variables: `CAMERA_SERVICE_` and the key path, for every key. */

import type { Fault } from './fault.js'
import { nameOfVariable, type OlderVariable } from './keys.js'
import { unknownVariableText } from './known.js'
import { envName, KEYS, type KeyEntry } from './schema.js'
import type { Setting } from './setting.js'
import { KNOWN_WITHOUT_MEANING, OTHER_VARIABLES } from './without-meaning.js'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Found {
  readonly settings: readonly Setting[]
  /** Whole sentences. */
  readonly warnings: readonly string[]
  /** Accepted, without effect. */
  readonly withoutMeaning: readonly string[]
  /** What is no setting at all though it stands where one should. */
  readonly faults: readonly Fault[]
}

/** Pure. Variables without our prefix are not looked at. */
export function readEnvironment(env: Environment): Found {
  const settings = KEYS.flatMap((entry) => settingOf(entry, env))
  const rest = Object.keys(env).filter((name) => name.startsWith('CAMERA_SERVICE_') && !KNOWN_VARIABLES.has(name))
  const idle = rest.filter((name) => IDLE_VARIABLES.has(name))
  const unknown = rest.filter((name) => !IDLE_VARIABLES.has(name) && !OTHER_VARIABLES.has(name))
  return { settings, warnings: unknown.map(unknownVariableText), withoutMeaning: idle, faults: [] }
}

const KNOWN_VARIABLES: ReadonlySet<string> = new Set(KEYS.flatMap((entry) => variablesOf(entry).map(nameOfVariable)))
const IDLE_VARIABLES: ReadonlySet<string> = new Set([...KNOWN_WITHOUT_MEANING].map(envName))

/** The first name of the key that is set, the present one before those of older editions. */
function settingOf(entry: KeyEntry, env: Environment): Setting[] {
  const variable = variablesOf(entry).find((candidate) => env[nameOfVariable(candidate)] !== undefined)
  if (variable === undefined) return []
  const where = nameOfVariable(variable)
  const text = `${env[where] ?? ''}${typeof variable === 'string' ? '' : variable.unit}`
  return [{ path: entry.path, value: entry.key.kind.fromText(text), where, from: 'environment' }]
}

function variablesOf({ env, key }: KeyEntry): readonly OlderVariable[] {
  return [env, ...(key.alsoEnv ?? [])]
}
