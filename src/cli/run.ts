/** `camera-service run`: from the configuration to a running service, and orderly back. */

import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Config, ConfigurationPort, Setting } from '../config/index.js'
import { CONFIG_OPTION, type Command, type SignalName, type Terminal, textOf } from './command.js'
import { Configuration } from './configuration.js'
import { EXIT } from './exit.js'
import { loadFor } from './load-config.js'
import { merged } from './merged.js'
import { type LogControl, openLog, type ServiceLog } from './open-log.js'

/** What the application is built from; src/app.ts implements `CreateApp`. */
export interface AppContext {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  /** The process's environment, for programs to be found and facts of the build. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: LogControl
  /** What changes `config` while the service runs. */
  readonly configuration: ConfigurationPort
  /** Asks for an orderly end, as SIGTERM does. */
  readonly requestStop: () => void
}

/** What signals ask of a running service. Each tells its own failures and never rejects. */
export interface AppActions {
  /** SIGHUP: configuration and log files anew. */
  reload(): Promise<void>
  /** SIGUSR1: one record with the status of every camera. */
  logStatistics(): Promise<void>
  /** SIGUSR2: every camera is closed and opened. */
  restartCameras(): Promise<void>
}

export interface AppHandle extends AppActions {
  /** Resolves when the faces answer. Rejects with a one-line message that names the key and the remedy. */
  start(): Promise<void>
  /** Also ends a start under way. `late`: services that did not stop in time. */
  stop(): Promise<{ readonly late: readonly string[] }>
  /** Lines for standard output after the start: one per face with its URL, and the token of a first start. */
  readonly banner: readonly string[]
}

export type CreateApp = (context: AppContext) => AppHandle | Promise<AppHandle>

export type LoadApp = () => Promise<{ readonly createApp: CreateApp }>

/** Longest wait for the last lines of the log, at an orderly end and after a crash. */
const FLUSH_MS = 1000
const CRASH_FLUSH_MS = 200
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGINT: 2, SIGTERM: 15 }
const ACTIONS: Readonly<Record<Exclude<SignalName, 'SIGINT' | 'SIGTERM'>, keyof AppActions>> = {
  SIGHUP: 'reload',
  SIGUSR1: 'logStatistics',
  SIGUSR2: 'restartCameras',
}

/** `loadApp` imports the application, late: a fault of the configuration is told without loading it. */
export function runCommand(loadApp: LoadApp): Command {
  return {
    name: 'run',
    summary: 'Runs the service until SIGTERM or SIGINT. SIGHUP reloads, SIGUSR1 logs statistics, SIGUSR2 restarts the cameras.',
    options: {
      config: CONFIG_OPTION,
      'virtual-cameras': { type: 'string', value: 'N', doc: 'add N test pattern cameras' },
    },
    async run(values, terminal) {
      const requests = new Requests(terminal)
      const load = () => loadFor(terminal, textOf(values, 'config'), virtualCameras(textOf(values, 'virtual-cameras')))
      const first = await load()
      const live = new (await import('../config/index.js')).LiveConfig(first.config)
      const { config } = live
      const log = await openLog(config, (line) => terminal.complain(line))
      const { logger } = log
      const [{ createApp }, { systemClock: clock }, { stackOf }] = await Promise.all([
        loadApp(),
        import('../base/clock.js'),
        import('../base/stack.js'),
      ])
      terminal.onCrash((thrown) => {
        logger.fatal({ error: stackOf(thrown) }, 'unexpected failure')
        void flushed(log, clock, CRASH_FLUSH_MS).then(() => terminal.exit(EXIT.internal))
      })
      const configuration = new Configuration({ live, first, load, logger })
      configuration.onChange((keys) => keys.has('logging.level') && log.refresh())
      if (terminal.env.CAMERA_SERVICE_ENABLE_HOT_RELOAD === 'true') await configuration.watch(clock)
      // Signals alone do not keep a process alive, and for moments nothing else may.
      const alive = setInterval(() => undefined, 2 ** 30)
      try {
        const context = { config, configuration, logger, clock, env: terminal.env, log, requestStop: () => requests.stop() }
        const creating = Promise.resolve(createApp(context))
        // A folder of the state may hang (a dead network disk), and whoever waits for that wants to be able to end it.
        const app = await Promise.race([creating, requests.stopped.then(() => undefined)])
        if (app === undefined) {
          creating.catch(() => undefined)
          return EXIT.ok
        }
        const started = app.start()
        if ((await Promise.race([started.then(() => 'started'), requests.stopped])) === 'started') {
          terminal.print(app.banner.map((line) => `${line}\n`).join(''))
          requests.serve(app)
          await requests.stopped
        }
        // A start that was cut short by the stop rejects; that is no failure.
        started.catch(() => undefined)
        return await stopInTime(app, config.server.shutdown_timeout, clock, logger)
      } finally {
        clearInterval(alive)
        configuration.stop()
        await flushed(log, clock, FLUSH_MS)
      }
    },
  }
}

/** Signals as requests: nothing is done in the handler itself, and what is asked for early waits until somebody can do it. */
class Requests {
  /** Resolves when an orderly end is asked for. */
  readonly stopped: Promise<'stop'>
  #resolveStopped: (word: 'stop') => void = () => undefined
  #isSignalled = false
  readonly #early = new Set<keyof AppActions>()
  #ask: ((action: keyof AppActions) => void) | undefined

  constructor(terminal: Terminal) {
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve
    })
    terminal.onSignal((signal) => {
      if (signal !== 'SIGINT' && signal !== 'SIGTERM') {
        if (this.#ask === undefined) this.#early.add(ACTIONS[signal])
        else this.#ask(ACTIONS[signal])
        return
      }
      // The second one ends the process at once, whatever is still being put in order.
      if (this.#isSignalled) terminal.exit(128 + (SIGNAL_NUMBERS[signal] ?? 0))
      this.#isSignalled = true
      this.stop()
    })
  }

  stop(): void {
    this.#resolveStopped('stop')
  }

  serve(app: AppActions): void {
    const actions = {
      reload: merged(() => app.reload()),
      logStatistics: merged(() => app.logStatistics()),
      restartCameras: merged(() => app.restartCameras()),
    }
    this.#ask = (action) => actions[action]()
    for (const action of this.#early) this.#ask(action)
  }
}

async function flushed(log: ServiceLog, clock: Clock, withinMs: number): Promise<void> {
  let cancel = (): void => undefined
  const deadline = new Promise<void>((resolve) => {
    cancel = clock.after(withinMs, resolve)
  })
  await Promise.race([log.flush(), deadline])
  cancel()
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
