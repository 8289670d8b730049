/** MediaMTX prints durations and sizes in its own normal form (`3600s` → `1h0m0s`): both sides are parsed before comparing. */

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
}

const BYTES: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, ki: 1024, mi: 1024 ** 2, gi: 1024 ** 3 }

/** Nanoseconds of a Go-style duration with days; empty text is zero. `undefined` when it is none. */
export function parseDurationNs(text: string): number | undefined {
  if (text === '' || text === '0') return 0
  const sign = text.startsWith('-') ? -1 : 1
  const body = text.replace(/^[+-]/, '')
  const parts = [...body.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h|d)/gu)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== body) return undefined
  return sign * parts.reduce((sum, part) => sum + Number(part[1]) * (NANOSECONDS[part[2] ?? ''] ?? 0), 0)
}

/** Bytes of a size such as `50M` or `50MB`. `undefined` when it is none. */
export function parseSizeBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i.exec(text)
  if (match === null) return undefined
  const unit = BYTES[(match[2] ?? '').toLowerCase()]
  return unit === undefined ? undefined : Number(match[1]) * unit
}

/** The duration text MediaMTX takes, in whole milliseconds. */
export function durationText(ms: number): string {
  return `${Math.round(ms)}ms`
}

const DURATIONS = /(?:Timeout|After|Duration)$/
const SIZES = /Size$/

/** Whether `actual`, as a server printed it, means the same as `desired` for a path field of this name. */
export function sameField(field: string, desired: unknown, actual: unknown): boolean {
  // Fields at their zero value may be left out of a reply, or printed as null.
  if (actual === undefined || actual === null) return desired === '' || desired === false || desired === 0
  if (typeof desired === 'string' && typeof actual === 'string') {
    if (desired === actual) return true
    const parse = DURATIONS.test(field) ? parseDurationNs : SIZES.test(field) ? parseSizeBytes : undefined
    const wanted = parse?.(desired)
    return wanted !== undefined && wanted === parse?.(actual)
  }
  return desired === actual
}
