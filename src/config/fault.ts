/** What is wrong with a configuration: one line per fault, all of them at once. */

export interface Fault {
  /** `config.yaml:12`, the environment variable, or the option. */
  readonly where: string
  /** `server.port`; absent when the file as a whole is at fault. */
  readonly key?: string
  /** As it was written, shortened; never a secret. Absent with `key`. */
  readonly value?: string
  /** What was expected, or what is wrong. */
  readonly rule: string
  /** What to do. */
  readonly remedy: string
}

/** The configuration cannot be used; nothing of it was applied. Exit code 78. */
export class ConfigError extends Error {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(faults.map(faultText).join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** `file:line: key: value: rule — remedy` */
export function faultText({ where, key, value, rule, remedy }: Fault): string {
  const what = [where, key, value].filter((part) => part !== undefined).join(': ')
  return `${what}: ${rule} — ${remedy}`
}

/** A value on one line, short enough to read, with control characters escaped. */
export function showValue(value: unknown): string {
  const plain = value instanceof Map ? Object.fromEntries(value) : value
  const text = typeof plain === 'number' || plain === undefined ? String(plain) : (JSON.stringify(plain) ?? typeof plain)
  return text.length > 64 ? `${text.slice(0, 61)}...` : text
}
