import { join } from 'node:path'
import { CONFIG_OPTION, type Command, textOf } from './command.js'
import { EXIT } from './exit.js'
import { loadFor } from './load-config.js'

/** One progress line per this share of the download. */
const STEP = 0.25

export const mediamtxInstallCommand: Command = {
  name: 'mediamtx install',
  summary:
    'Fetches the tested MediaMTX release, checks it, and puts it where the service finds it. A broken download is resumed.',
  options: {
    directory: { type: 'string', value: 'DIR', doc: 'where it goes (default: mediamtx below the state directory)' },
    config: CONFIG_OPTION,
  },
  async run(values, terminal) {
    const { config } = await loadFor(terminal, textOf(values, 'config'))
    const { installMediamtx } = await import('../media/index.js')
    const abort = new AbortController()
    terminal.onSignal((signal) => abort.abort(new Error(`ended by ${signal}; call again to resume`)))
    const installed = await installMediamtx({
      directory: textOf(values, 'directory') ?? join(config.state_dir, 'mediamtx'),
      signal: abort.signal,
      onProgress: progressLines((line) => terminal.complain(line)),
    })
    terminal.print(`MediaMTX ${installed.version} ${installed.outcome}: ${installed.file}\n`)
    return EXIT.ok
  },
}

/** Says how far the download is, a few times in all. Sizes in bytes. */
function progressLines(say: (line: string) => void): (received: number, total: number | undefined) => void {
  let next = STEP
  return (received, total) => {
    if (total === undefined || received < total * next) return
    say(`${Math.floor((received / total) * 100)} % of ${(total / 1e6).toFixed(0)} MB`)
    while (received >= total * next) next += STEP
  }
}
