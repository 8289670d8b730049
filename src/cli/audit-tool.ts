/** What the tools tell the audit log: a file of their own beside the service's, since a chain has one writer at a time. */

import { chown, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import type { AuditEntry } from '../base/audit-log.js'
import { errorText } from '../base/errors.js'
import type { Config } from '../config/index.js'
import type { Terminal } from './command.js'

const NAME = 'audit-tools.log'

/** Runs `work` and keeps what came of it; `detail` is asked for afterwards. What cannot be kept is complained of, and changes nothing. */
export async function audited<Result>(
  { config, terminal, action }: { readonly config: Config; readonly terminal: Terminal; readonly action: string },
  detail: () => AuditEntry['detail'],
  work: () => Promise<Result>,
): Promise<Result> {
  const told = (outcome: string): Promise<void> =>
    tell(config, { action, outcome, subject: userName(terminal), detail: detail() }).catch((thrown: unknown) =>
      terminal.complain(`warning: the audit log: ${errorText(thrown)}`),
    )
  try {
    const result = await work()
    await told('ok')
    return result
  } catch (thrown) {
    await told('failed')
    throw thrown
  }
}

async function tell({ audit, state_dir: stateDir }: Config, entry: AuditEntry): Promise<void> {
  if (!audit.enabled) return
  const file = join(audit.file_path === null ? stateDir : dirname(audit.file_path), NAME)
  const [{ AuditLog }, { withLock }, { makeFolder }] = await Promise.all([
    import('../base/audit-log.js'),
    import('../auth/index.js'),
    import('../base/make-folder.js'),
  ])
  // A token that is signed with a secret of somewhere else needs no state directory, and gets none.
  if ((await stat(stateDir).catch(() => undefined)) === undefined) return
  await makeFolder(dirname(file))
  await withLock(file, async () => {
    let failure: unknown
    const log = new AuditLog({
      ...{ file, maxBytes: audit.max_file_size, backups: audit.backup_count, wallMs: () => Date.now() },
      onFailure: (thrown) => {
        failure = thrown
      },
    })
    log.note(entry)
    await log.close()
    if (failure !== undefined) throw failure
    // Made by root, it must still be writable for whoever runs the service.
    if (process.getuid?.() !== 0) return
    const folder = await stat(dirname(file))
    await chown(file, folder.uid, folder.gid)
  })
}

/** Who sits at this machine; behind sudo, who called it. */
function userName({ env }: Terminal): string {
  const { SUDO_USER: caller } = env
  try {
    const { username } = userInfo()
    return caller === undefined || caller === '' ? username : `${caller} as ${username}`
  } catch {
    // A number without a name, as in containers.
    return String(process.getuid?.() ?? '')
  }
}
