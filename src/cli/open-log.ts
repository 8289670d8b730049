import type { Logger } from '../base/logger.js'
import type { Config } from '../config/index.js'

/** The service's log: standard error, a file, or both. A file that cannot be opened is told on standard error and left out. */
export async function openLog({ logging }: Config, complain: (line: string) => void): Promise<Logger> {
  const { createLogger } = await import('../base/logger.js')
  const { level, format } = logging
  const writers: ((line: string) => void)[] = []
  if (logging.console_enabled) writers.push((line) => complain(line.trimEnd()))
  if (logging.file_enabled) {
    const [{ openLogFile }, { errorText }] = await Promise.all([import('../base/log-file.js'), import('../base/errors.js')])
    const onFailure = (thrown: unknown) => complain(`logging.file_path: ${errorText(thrown)}; lines are lost`)
    const { file_path: file, max_file_size: maxBytes, backup_count: backups } = logging
    try {
      writers.push(openLogFile({ file, maxBytes, backups, onFailure }))
    } catch (thrown) {
      onFailure(thrown)
    }
  }
  return createLogger({
    level,
    format,
    write: (line) => {
      for (const write of writers) write(line)
    },
  })
}
