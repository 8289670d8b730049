/** `camera-service run`: from the configuration to a running service, and orderly back. */

import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Config, Setting } from '../config/index.js'
import { CONFIG_OPTION, type Command, type Terminal, textOf } from './command.js'
import { EXIT } from './exit.js'
import { loadFor } from './load-config.js'
import { openLog } from './open-log.js'

/** What the application is built from; src/app.ts implements `CreateApp`. */
export interface AppContext {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  /** The process's environment, for programs to be found and facts of the build. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface AppHandle {
  /** Resolves when the faces answer. Rejects with a one-line message that names the key and the remedy. */
  start(): Promise<void>
  /** Also ends a start under way. `late`: services that did not stop in time. */
  stop(): Promise<{ readonly late: readonly string[] }>
  /** Lines for standard output after the start: one per face with its URL, and the token of a first start. */
  readonly banner: readonly string[]
}

export type CreateApp = (context: AppContext) => AppHandle | Promise<AppHandle>

export type LoadApp = () => Promise<{ readonly createApp: CreateApp }>

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

/** `loadApp` imports the application, late: a fault of the configuration is told without loading it. */
export function runCommand(loadApp: LoadApp): Command {
  return {
    name: 'run',
    summary: 'Runs the service until SIGTERM or SIGINT.',
    options: {
      config: CONFIG_OPTION,
      'virtual-cameras': { type: 'string', value: 'N', doc: 'add N test pattern cameras' },
    },
    async run(values, terminal) {
      const stop = stopRequests(terminal)
      const loaded = await loadFor(terminal, textOf(values, 'config'), virtualCameras(textOf(values, 'virtual-cameras')))
      const { config } = loaded
      const logger = await openLog(config, (line) => terminal.complain(line))
      terminal.onCrash((thrown) => {
        logger.fatal({ error: thrown instanceof Error ? thrown.stack : String(thrown) }, 'unexpected failure')
        terminal.exit(EXIT.internal)
      })
      for (const warning of loaded.warnings) logger.warn({ component: 'config' }, warning)
      const [{ createApp }, { systemClock }] = await Promise.all([loadApp(), import('../base/clock.js')])
      // Signals alone do not keep a process alive, and for moments nothing else may.
      const alive = setInterval(() => undefined, 2 ** 30)
      try {
        const creating = Promise.resolve(createApp({ config, logger, clock: systemClock, env: terminal.env }))
        // A folder of the state may hang (a dead network disk), and whoever waits for that wants to be able to end it.
        const app = await Promise.race([creating, stop.then(() => undefined)])
        if (app === undefined) {
          creating.catch(() => undefined)
          return EXIT.ok
        }
        const started = app.start()
        if ((await Promise.race([started.then(() => 'started'), stop])) === 'started') {
          terminal.print(app.banner.map((line) => `${line}\n`).join(''))
          await stop
        }
        // A start that was cut short by the stop rejects; that is no failure.
        started.catch(() => undefined)
        return await stopInTime(app, config.server.shutdown_timeout, systemClock, logger)
      } finally {
        clearInterval(alive)
      }
    },
  }
}

/** Resolves at the first signal; a second one ends the process at once. */
function stopRequests(terminal: Terminal): Promise<string> {
  return new Promise((resolve) => {
    let asked = false
    terminal.onSignal((signal) => {
      if (asked) terminal.exit(128 + (SIGNAL_NUMBERS[signal] ?? 0))
      asked = true
      resolve(signal)
    })
  })
}

async function stopInTime(app: AppHandle, deadlineMs: number, clock: Clock, logger: Logger): Promise<number> {
  logger.info({}, 'stopping')
  let cancel = (): void => undefined
  const deadline = new Promise<{ late: readonly string[] }>((resolve) => {
    cancel = clock.after(deadlineMs, () => resolve({ late: ['the stop as a whole'] }))
  })
  const { late } = await Promise.race([app.stop(), deadline])
  cancel()
  if (late.length === 0) return EXIT.ok
  logger.error({ late }, 'not stopped in time')
  return EXIT.failed
}

function virtualCameras(count: string | undefined): Setting[] {
  if (count === undefined) return []
  const value = /^\d+$/.test(count) ? Number(count) : count
  return [{ path: 'camera.virtual_cameras.count', value, where: '--virtual-cameras', from: 'option' }]
}
