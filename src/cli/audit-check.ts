import { dirname, join } from 'node:path'
import { CONFIG_OPTION, type Command, textOf } from './command.js'
import { EXIT } from './exit.js'
import { loadFor } from './load-config.js'

export const auditCheckCommand: Command = {
  name: 'audit check',
  summary: 'Checks that the audit logs are whole: one line per fault, exit code 1 when there is one.',
  options: { config: CONFIG_OPTION },
  async run(values, terminal) {
    const { config } = await loadFor(terminal, textOf(values, 'config'), [], true)
    const { auditFaultsOf } = await import('../base/audit-check.js')
    const { file_path: path, backup_count: backups } = config.audit
    const own = path ?? join(config.state_dir, 'audit.log')
    let isWhole = true
    for (const file of [own, join(dirname(own), 'audit-tools.log')]) {
      const { entries, faults } = await auditFaultsOf(file, backups)
      for (const fault of faults) terminal.complain(`camera-service: ${fault}`)
      if (faults.length === 0) terminal.print(`${file}: ${entries} entries, good\n`)
      else isWhole = false
    }
    return isWhole ? EXIT.ok : EXIT.failed
  },
}
