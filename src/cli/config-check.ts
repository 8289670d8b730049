import { CONFIG_OPTION, type Command, textOf } from './command.js'
import { EXIT } from './exit.js'
import { loadFor } from './load-config.js'

export const configCheckCommand: Command = {
  name: 'config check',
  summary: 'Checks the configuration as a start would: one line per fault, exit code 78 when there is one.',
  options: { config: CONFIG_OPTION },
  async run(values, terminal) {
    const { file, warnings } = await loadFor(terminal, textOf(values, 'config'))
    for (const warning of warnings) terminal.complain(`warning: ${warning}`)
    terminal.print(`${file ?? 'built-in defaults and environment'}: good\n`)
    return EXIT.ok
  },
}
