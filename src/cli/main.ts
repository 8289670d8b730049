/** One command line from words to exit code. */

import { readFileSync } from 'node:fs'
import { parseCommandLine } from './arguments.js'
import { auditCheckCommand } from './audit-check.js'
import type { Command, Terminal } from './command.js'
import { completionCommand } from './completion.js'
import { configCheckCommand } from './config-check.js'
import { doctorCommand } from './doctor.js'
import { EXIT, UsageError } from './exit.js'
import { commandText, overviewText } from './help.js'
import { mediamtxInstallCommand } from './mediamtx-install.js'
import { type LoadApp, runCommand } from './run.js'
import { secretRotateCommand } from './secret-rotate.js'
import { statusCommand } from './status.js'
import { tokenCommand } from './token.js'

export interface MainOptions {
  readonly argv: readonly string[]
  readonly terminal: Terminal
  /** Where the application comes from; src/app.ts when absent. */
  readonly loadApp?: LoadApp
}

/** Never rejects: what goes wrong is one line on standard error and the exit code. */
export async function main({ argv, terminal, loadApp = () => import('../app.js') }: MainOptions): Promise<number> {
  const commands = commandTable(loadApp)
  try {
    const request = parseCommandLine(argv, commands)
    switch (request.want) {
      case 'help':
        terminal.print(request.command === undefined ? overviewText(commands) : commandText(request.command))
        return EXIT.ok
      case 'version':
        terminal.print(`camera-service ${version()}\n`)
        return EXIT.ok
      case 'run':
        return await request.command.run(request.values, terminal)
    }
  } catch (thrown) {
    return explain(thrown, terminal)
  }
}

export function commandTable(loadApp: LoadApp): readonly [Command, ...Command[]] {
  const table: readonly [Command, ...Command[]] = [
    runCommand(loadApp),
    statusCommand,
    doctorCommand,
    tokenCommand,
    secretRotateCommand,
    configCheckCommand,
    auditCheckCommand,
    mediamtxInstallCommand,
    completionCommand(() => table),
  ]
  return table
}

async function explain(thrown: unknown, terminal: Terminal): Promise<number> {
  if (thrown instanceof UsageError) {
    terminal.complain(`camera-service: ${thrown.message}`)
    return thrown.exitCode
  }
  const { ConfigError, faultText } = await import('../config/index.js')
  if (thrown instanceof ConfigError) {
    for (const fault of thrown.faults) terminal.complain(faultText(fault))
    return EXIT.config
  }
  const { errorText } = await import('../base/errors.js')
  terminal.complain(`camera-service: ${errorText(thrown).replaceAll('\n', ' ')}`)
  return EXIT.failed
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { readonly version: unknown }).version)
}
