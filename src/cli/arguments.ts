/** From the words typed to a command and its options. Pure. */

import { parseArgs } from 'node:util'
import { nearest } from '../base/nearest.js'
import type { Command, OptionSpec, OptionValues } from './command.js'
import { UsageError } from './exit.js'

export type Request =
  | { readonly want: 'run'; readonly command: Command; readonly values: OptionValues }
  /** Without a command: help on everything. */
  | { readonly want: 'help'; readonly command?: Command }
  | { readonly want: 'version' }

const COMMON: Readonly<Record<string, OptionSpec>> = {
  help: { type: 'boolean', doc: 'show this help' },
  version: { type: 'boolean', doc: 'show the version' },
}

/** The first command is meant when no word names one. Throws UsageError. */
export function parseCommandLine(argv: readonly string[], commands: readonly [Command, ...Command[]]): Request {
  if (argv[0] === 'help') return { want: 'help' }
  const { command, rest } = selectCommand(argv, commands)
  const values = parseOptions(rest, command ?? commands[0])
  if (values.help === true) return command === undefined ? { want: 'help' } : { want: 'help', command }
  if (values.version === true) return { want: 'version' }
  return { want: 'run', command: command ?? commands[0], values }
}

function selectCommand(argv: readonly string[], commands: readonly Command[]) {
  const firstOption = argv.findIndex((word) => word.startsWith('-'))
  const words = firstOption === -1 ? argv : argv.slice(0, firstOption)
  if (words.length === 0) return { command: undefined, rest: argv }
  const command = commands.find(({ name }) => startsWith(words, name.split(' ')))
  if (command !== undefined) return { command, rest: argv.slice(command.name.split(' ').length) }
  const typed = words.slice(0, 2).join(' ')
  const begun = commands.find(({ name }) => name.startsWith(`${typed} `))
  if (begun !== undefined) throw new UsageError(`${quote(typed)} is no whole command, did you mean ${begun.name}?; see --help`)
  throw new UsageError(`unknown command ${quote(typed)}${hint(typed, commandNames(commands))}; see --help`)
}

function parseOptions(argv: readonly string[], command: Command): OptionValues {
  const specs: Record<string, OptionSpec> = { ...command.options, ...COMMON }
  const options = Object.fromEntries(Object.entries(specs).map(([name, { type }]) => [name, { type }]))
  // Not strict: the library's messages name neither the nearest option nor our commands.
  const { values, tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true, allowPositionals: true })
  let word: string | undefined
  for (const token of tokens) {
    if (token.kind === 'positional' && command.positional !== undefined && word === undefined) {
      word = token.value
      continue
    }
    if (token.kind === 'positional')
      throw new UsageError(`unexpected word ${quote(token.value)} after ${command.name}; see --help`)
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined
    const known = Object.keys(specs).map((name) => `--${name}`)
    if (spec === undefined) throw new UsageError(`unknown option ${token.rawName}${hint(token.rawName, known)}`)
    if (spec.type === 'string' && token.value === undefined)
      throw new UsageError(`option ${token.rawName} needs a value (${spec.value})`)
    if (spec.type === 'boolean' && token.value !== undefined) throw new UsageError(`option ${token.rawName} takes no value`)
  }
  const given = command.positional === undefined || word === undefined ? {} : { [command.positional.name]: word }
  return { ...values, ...given } as OptionValues
}

function commandNames(commands: readonly Command[]): string[] {
  return commands.map(({ name }) => name)
}

function startsWith(words: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((word, index) => words[index] === word)
}

function hint(typed: string, known: readonly string[]): string {
  const meant = nearest(typed, known)
  return meant === undefined ? '' : `, did you mean ${meant}?`
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}
