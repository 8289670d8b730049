/** Structured logging: objects, not sentences with values pasted in. Secrets are removed here, whoever logs them. */

import { type Logger as PinoLogger, pino } from 'pino'
import { formLine, type LogForm } from './log-lines.js'
import { censored } from './log-secrets.js'

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child' | 'level'>

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** One place that lines go to. */
export interface LogOutput {
  /** Lines below it do not go there. */
  readonly level: LogLevel
  readonly format: LogForm
  /** Gets the line with its end; must not throw or wait. */
  readonly write: (line: string) => void
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal', 'silent']

export interface LoggerOptions extends Omit<LogOutput, 'write'> {
  /** Where lines go; stderr when absent, so that stdout stays for what commands answer. */
  readonly write?: (line: string) => void
}

export function createLogger({ write = (line) => void process.stderr.write(line), ...options }: LoggerOptions): Logger {
  return createSwitchableLogger([{ ...options, write }]).logger
}

/** A logger whose outputs can change while it is used; its children follow. */
export interface SwitchableLogger {
  readonly logger: Logger
  setOutputs(outputs: readonly LogOutput[]): void
}

export function createSwitchableLogger(outputs: readonly LogOutput[]): SwitchableLogger {
  let present = outputs
  const family = new Family()
  const destination = {
    // Asks the library to tell the level of each line.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      for (const output of present) {
        if (valueOfLevel(output.level) <= this.lastLevel) output.write(formLine(line, output.format))
      }
    },
  }
  const logger = pino(
    {
      level: lowest(present),
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      // The library's own redaction costs ten times what all the rest of a line does.
      formatters: { level: (label) => ({ level: label }), log: censored },
      onChild: (child) => family.add(child),
    },
    destination,
  )
  family.add(logger)
  // Children inherit it; the library's formatter of bindings is for the first logger alone.
  const { child } = logger
  logger.child = function (this: typeof logger, bindings: object, options?: object) {
    return child.call(this, censored(bindings), options)
  } as typeof child
  return {
    logger,
    setOutputs(next) {
      present = next
      family.setLevel(lowest(next))
    },
  }
}

/** A child keeps the level it was born with, so each must be told; those that nobody uses any more are let go. */
class Family {
  #members: WeakRef<PinoLogger>[] = []
  #tidyAt = 64

  add(member: PinoLogger): void {
    this.#members.push(new WeakRef(member))
    if (this.#members.length < this.#tidyAt) return
    this.#members = this.#members.filter((each) => each.deref() !== undefined)
    this.#tidyAt = Math.max(64, 2 * this.#members.length)
  }

  setLevel(level: LogLevel): void {
    for (const member of this.#members) {
      const logger = member.deref()
      if (logger !== undefined) logger.level = level
    }
  }
}

function lowest(outputs: readonly LogOutput[]): LogLevel {
  return LEVELS.find((level) => outputs.some((output) => output.level === level)) ?? 'silent'
}

function valueOfLevel(level: LogLevel): number {
  return level === 'silent' ? Number.POSITIVE_INFINITY : (pino.levels.values[level] ?? 0)
}
