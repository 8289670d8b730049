/** The log of a thread: its lines are written at home, where levels, files and forms are known. */

import type { Logger } from '../base/logger.js'

type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** One line, as plain data. */
export interface LogTold {
  readonly level: Level
  readonly fields: Readonly<Record<string, unknown>>
  readonly text: string
}

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error', 'fatal']

/** `level`: lines below it are not even sent. */
export function farLogger(tell: (line: LogTold) => void, level: string): Logger {
  return child(tell, level, {})
}

/** Writes a line of a thread; `fields` go before its own. */
export function writeTold(logger: Logger, fields: Readonly<Record<string, unknown>>, line: LogTold): void {
  logger[line.level]({ ...fields, ...line.fields }, line.text)
}

function child(tell: (line: LogTold) => void, level: string, bindings: Readonly<Record<string, unknown>>): Logger {
  const at = (own: Level) => (fields: unknown, text?: string) => {
    if (LEVELS.indexOf(own) < LEVELS.indexOf(level)) return
    const given = typeof fields === 'object' && fields !== null ? fields : {}
    tell({ level: own, fields: { ...bindings, ...plain(given) }, text: typeof fields === 'string' ? fields : (text ?? '') })
  }
  const logger = {
    level,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: (more: Readonly<Record<string, unknown>>) => child(tell, level, { ...bindings, ...more }),
  }
  // The library's own type has overloads without number; these are the calls that are made.
  return logger as unknown as Logger
}

/** Errors become their text: not everything in one can be copied. */
function plain(fields: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? (value.stack ?? value.message) : value]),
  )
}
