/** Pure: which writes make the server's paths equal to the desired ones. */

import { sameField } from '../api/values.js'
import type { PathConfig } from '../api/wire.js'
import { ownerOf, type PathBody } from './body.js'

export interface PlanInput {
  readonly desired: ReadonlyMap<string, PathBody>
  readonly actual: readonly PathConfig[]
  readonly instance: string
  /** Names written since this server process started: ours even when somebody replaced them and the marker is gone. */
  readonly written: ReadonlySet<string>
  /** Also take over desired names that somebody else configured. */
  readonly takeOver: boolean
}

export interface Plan {
  readonly replace: readonly string[]
  readonly remove: readonly string[]
  /** Desired names that somebody else configured; left as they are. */
  readonly foreign: readonly string[]
  /** Names that are as they should be. */
  readonly same: ReadonlySet<string>
}

export function planPaths(input: PlanInput): Plan {
  const replace: string[] = []
  const remove: string[] = []
  const foreign: string[] = []
  const same = new Set<string>()
  const actual = new Map(input.actual.map((config) => [config.name, config]))
  for (const [name, body] of input.desired) {
    const config = actual.get(name)
    if (config === undefined) replace.push(name)
    else if (ownerOf(config, input.instance) === 'foreign' && !input.written.has(name) && !input.takeOver) foreign.push(name)
    else if (differs(body, config)) replace.push(name)
    else same.add(name)
  }
  for (const config of input.actual) {
    // The marker must be there: a name we once wrote may since belong to somebody else.
    if (!input.desired.has(config.name) && ownerOf(config, input.instance) === 'us') remove.push(config.name)
  }
  return { replace, remove, foreign, same }
}

function differs(body: PathBody, config: PathConfig): boolean {
  return Object.entries(body).some(([field, value]) => !sameField(field, value, config.fields[field]))
}
