/** Durations as MediaMTX reads and prints them: Go's, with days, zero as empty text. */

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86_400e9 }

/** Nanoseconds; `undefined` when it is no duration. */
export function readDuration(text: string): number | undefined {
  if (text === '' || text === '0') return 0
  let rest = text
  let total = 0
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/.exec(rest)
    if (part === null) return undefined
    total += Number(part[1]) * (UNITS[part[2] ?? ''] ?? 0)
    rest = rest.slice(part[0].length)
  }
  return total
}

export function printDuration(ns: number): string {
  if (ns === 0) return ''
  const days = Math.floor(ns / 86_400e9)
  const rest = ns - days * 86_400e9
  return `${days > 0 ? `${days}d` : ''}${rest > 0 ? printBelowDay(rest) : ''}`
}

function printBelowDay(ns: number): string {
  if (ns < 1e3) return `${ns}ns`
  if (ns < 1e6) return `${ns / 1e3}µs`
  if (ns < 1e9) return `${ns / 1e6}ms`
  const hours = Math.floor(ns / 3600e9)
  const minutes = Math.floor((ns % 3600e9) / 60e9)
  const seconds = (ns % 60e9) / 1e9
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`
}
