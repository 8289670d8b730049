/** The camera face's log_* keys in the service's one log: its own file with its own lines, and a level for all places when it was changed. */

import { resolve } from 'node:path'
import { errorText } from '../base/errors.js'
import { type LogFile, openLogFile } from '../base/log-file.js'
import { formLine, type LogForm } from '../base/log-lines.js'
import type { Logger, LogLevel, LogOutput } from '../base/logger.js'
import { type Applier, ConfigRejected, type ServerSettings } from '../camera-config/index.js'

/** The part of the log that this may change. */
export interface LogPort {
  overrideLevel(level: LogLevel | undefined): void
  setExtra(output: LogOutput | undefined): void
  reopen(): Promise<void>
}

export interface CameraLogOptions {
  readonly log: LogPort
  readonly logger: Logger
  /** Folder of a relative log_file. */
  readonly stateDir: string
  /** A level other than this one counts for the whole log. */
  readonly defaultLevel: ServerSettings['log_level']
}

const LEVELS = { debug: 'debug', info: 'info', warning: 'warn', error: 'error', critical: 'fatal' } as const
const KEYS = ['log_level', 'log_file', 'log_format', 'log_max_bytes', 'log_backups'] as const
const FILE_KEYS = KEYS.filter((key) => key !== 'log_level')

export class CameraLog implements Applier {
  readonly name = 'log'
  readonly #options: CameraLogOptions
  #file: LogFile | undefined
  /** Opened for a change that is not in force yet. */
  #next: { readonly file: LogFile | undefined } | undefined

  constructor(options: CameraLogOptions) {
    this.#options = options
  }

  /** A file that cannot be opened is told once, and the console goes on alone. */
  async start(settings: ServerSettings): Promise<void> {
    try {
      this.#file = await this.#open(settings)
    } catch (thrown) {
      this.#options.logger.warn({ file: settings.log_file, error: errorText(thrown) }, 'the log file cannot be opened')
    }
    this.#use(settings)
  }

  concerns(key: string): boolean {
    return KEYS.some((name) => key === `server.${name}`)
  }

  async prepare({ after, changed }: Parameters<Applier['apply']>[0]): Promise<() => Promise<void>> {
    if (!FILE_KEYS.some((name) => changed.includes(`server.${name}`))) return async () => undefined
    const file = await this.#open(after.server).catch((thrown: unknown) => {
      // Without the sentence of the system: it holds the whole path.
      const cause = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'what is there is none'
      throw new ConfigRejected([`server.log_file: must be the path of a log file that can be written (${cause})`])
    })
    this.#next = { file }
    return async () => {
      this.#next = undefined
      await file?.close()
    }
  }

  async apply({ after }: Parameters<Applier['apply']>[0]): Promise<readonly string[]> {
    const old = this.#file
    const next = this.#next
    this.#next = undefined
    if (next !== undefined) this.#file = next.file
    this.#use(after.server)
    if (next !== undefined) await old?.close()
    return []
  }

  async reopen(): Promise<void> {
    await Promise.all([this.#options.log.reopen(), this.#file?.reopen()])
  }

  async close(): Promise<void> {
    this.#options.log.setExtra(undefined)
    await this.#file?.close()
  }

  #use({ log_level, log_format }: ServerSettings): void {
    const { log, defaultLevel } = this.#options
    const file = this.#file
    const level = LEVELS[log_level]
    log.setExtra(file && { level, format: formOf(log_format), write: (line) => file.write(line) })
    log.overrideLevel(log_level === defaultLevel ? undefined : level)
  }

  async #open({ log_file, log_format, log_max_bytes, log_backups }: ServerSettings): Promise<LogFile | undefined> {
    if (log_file === null || log_file === '') return undefined
    const { logger, stateDir } = this.#options
    return openLogFile({
      file: resolve(stateDir, log_file),
      maxBytes: log_max_bytes,
      backups: log_backups,
      onlyLogs: true,
      onFailure: (thrown) => logger.warn({ error: errorText(thrown) }, 'the log file cannot be written; its lines are lost'),
      lostLine: (count) => lostLine(count, formOf(log_format)),
    })
  }
}

function formOf(format: ServerSettings['log_format']): LogForm {
  return format === 'json' ? 'json' : 'classic'
}

function lostLine(count: number, form: LogForm): string {
  const record = { level: 'warn', time: new Date().toISOString(), msg: `${count} lines were lost: the file took them too slowly` }
  return formLine(`${JSON.stringify(record)}\n`, form)
}
