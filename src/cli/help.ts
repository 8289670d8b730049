/** Help, made from the commands themselves. Pure. */

import type { Command } from './command.js'

/** All commands, one line each. */
export function overviewText(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const)
  return `Usage: camera-service [COMMAND] [OPTIONS]

Finds V4L2 cameras and serves them over JSON-RPC, files and streams.

Commands (without one: ${commands[0]?.name}):
${columns(rows)}

camera-service COMMAND --help shows the options of one; --version shows the version.
`
}

export function commandText({ name, summary, positional, options }: Command): string {
  const rows = Object.entries(options).map(([option, spec]) => {
    return [`--${option}${spec.value === undefined ? '' : ` ${spec.value}`}`, spec.doc] as const
  })
  const word = positional === undefined ? '' : ` [${positional.name}]`
  const about = positional === undefined ? '' : `\n${columns([[positional.name, positional.doc]])}\n`
  return `Usage: camera-service ${name}${word} [OPTIONS]

${summary}
${about}
Options:
${columns([...rows, ['--help', 'show this help']])}
`
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
