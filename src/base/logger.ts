/** Structured logging: objects, not sentences with values pasted in. Secrets are removed here, whoever logs them. */

import { type Logger as PinoLogger, pino } from 'pino'

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child' | 'level'>

const SECRET_KEYS = ['token', 'auth_token', 'api_key', 'jwt_secret_key', 'password', 'authorization', 'secret']

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f]/

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  /** `json`: one object per line; `text`: for people. */
  readonly format: 'json' | 'text'
  /** Where lines go; stderr when absent, so that stdout stays for what commands answer. */
  readonly write?: (line: string) => void
}

export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line))
  const destination = { write: options.format === 'text' ? (line: string) => write(toText(line)) : write }
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[removed]' },
    },
    destination,
  )
}

function toText(line: string): string {
  const { time, level, component, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
  const clock = String(time).slice(11, 23)
  const extras = Object.entries(rest)
    // What others said (a server, a child) must not be able to add lines of its own.
    .map(([key, value]) => ` ${key}=${typeof value === 'string' && !CONTROL.test(value) ? value : JSON.stringify(value)}`)
    .join('')
  return `${clock} ${String(level).toUpperCase().padEnd(5)} ${component === undefined ? '' : `${component}: `}${msg}${extras}\n`
}
