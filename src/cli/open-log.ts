/** The service's log: standard error, a file, or both; and one place more that the camera face opens. */

import type { LogFile } from '../base/log-file.js'
import type { Logger, LogLevel, LogOutput } from '../base/logger.js'
import type { Config } from '../config/index.js'

/** Contract §20. */
const MAX_AGE_MS = 30 * 86_400_000

/** What the application may change of a log that is in use. */
export interface LogControl {
  /** A level in place of the configured one for standard error and the service's file; undefined: the configured one. */
  overrideLevel(level: LogLevel | undefined): void
  /** One more place for lines, in place of the one set before; undefined: none. */
  setExtra(output: LogOutput | undefined): void
  /** The configured level may be another one now. */
  refresh(): void
  /** Goes on in a file of the configured name: the one in use may have been moved away. Never rejects. */
  reopen(): Promise<void>
}

export interface ServiceLog extends LogControl {
  readonly logger: Logger
  /** Resolves when the lines so far are with the system. */
  flush(): Promise<void>
}

/** A file that cannot be opened is told on standard error and left out. */
export async function openLog({ logging }: Config, complain: (line: string) => void): Promise<ServiceLog> {
  const { createSwitchableLogger } = await import('../base/logger.js')
  const { format } = logging
  const file = logging.file_enabled ? await openFile(logging, complain) : undefined
  const writers: ((line: string) => void)[] = []
  if (logging.console_enabled) writers.push((line) => complain(line.trimEnd()))
  if (file !== undefined) writers.push((line) => file.write(line))

  let override: LogLevel | undefined
  let extra: LogOutput | undefined
  const outputs = (): LogOutput[] => [
    ...writers.map((write) => ({ level: override ?? logging.level, format, write })),
    ...(extra === undefined ? [] : [extra]),
  ]
  const { logger, setOutputs } = createSwitchableLogger(outputs())
  return {
    logger,
    overrideLevel(next) {
      override = next
      setOutputs(outputs())
    },
    setExtra(next) {
      extra = next
      setOutputs(outputs())
    },
    refresh: () => setOutputs(outputs()),
    reopen: async () => file?.reopen(),
    flush: async () => file?.flush(),
  }
}

async function openFile(logging: Config['logging'], complain: (line: string) => void): Promise<LogFile | undefined> {
  const [{ openLogFile }, { errorText }] = await Promise.all([import('../base/log-file.js'), import('../base/errors.js')])
  const { file_path: file, max_file_size: maxBytes, backup_count: backups } = logging
  const onFailure = (thrown: unknown) => complain(`logging.file_path: ${errorText(thrown)}; lines are lost`)
  const lostLine = (count: number) => `${count} lines were lost: the log file took them too slowly\n`
  try {
    return await openLogFile({ file, maxBytes, backups, archive: { maxAgeMs: MAX_AGE_MS }, onFailure, lostLine })
  } catch (thrown) {
    onFailure(thrown)
    return undefined
  }
}
