/** The command line of the administration tool: options may stand anywhere and have one dash or two, as they always could. Pure. */

import { parseArgs } from 'node:util'
import { nearest } from '../../base/nearest.js'
import type { OptionSpec } from '../command.js'
import { EXIT, UsageError } from '../exit.js'
import { withTwoDashes } from '../tool.js'

export type Options = Readonly<Record<string, string | true | undefined>>

export const GLOBAL_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  config: { type: 'string', value: 'FILE', doc: 'configuration file of the service (default: /etc/camera-service/config.yaml)' },
  verbose: { type: 'boolean', doc: 'tell on standard error which files are used' },
  format: { type: 'string', value: 'FORMAT', doc: 'table or json (default: table)' },
  help: { type: 'boolean', doc: 'show this help' },
}

export interface Typed {
  /** The words that are no options: `keys`, `list`. */
  readonly words: readonly string[]
  readonly options: Options
}

/** Throws UsageError for an option that no command has. */
export function readWords(argv: readonly string[], specs: Readonly<Record<string, OptionSpec>>): Typed {
  const args = withTwoDashes(argv)
  const types = Object.fromEntries(Object.entries(specs).map(([name, { type }]) => [name, { type }]))
  const { tokens } = parseArgs({ args, options: types, strict: false, tokens: true, allowPositionals: true })
  const words: string[] = []
  const options: Record<string, string | true> = Object.create(null)
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined
    if (spec === undefined) throw usage(`unknown option --${token.name}${hint(token.name, Object.keys(specs))}`)
    if (spec.type === 'string' && token.value === undefined) throw usage(`--${token.name} needs a value (${spec.value})`)
    if (spec.type === 'boolean' && token.value !== undefined) throw usage(`--${token.name} takes no value`)
    options[token.name] = token.value ?? true
  }
  return { words, options }
}

/** Every mistake of this tool ends it with 1. */
export function usage(message: string): UsageError {
  return new UsageError(message, EXIT.failed)
}

export function hint(typed: string, known: readonly string[]): string {
  const meant = nearest(typed, known)
  return meant === undefined ? '' : `, did you mean ${meant}?`
}
