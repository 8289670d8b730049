/** Lifetimes as administrators write them: `90d`, `1y`, `12h`, `1h30m`. Pure. */

const UNITS_MS: Readonly<Record<string, number>> = {
  ...{ ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000 },
  ...{ m: 60_000, h: 3_600_000, d: 86_400_000, y: 365 * 86_400_000 },
}
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smhdy]))+$/
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdy])/g
/** Beyond, dates cannot be written. */
const MAX_MS = 1000 * 365 * 86_400_000

/** Milliseconds; undefined for a text that is no lifetime of at least a second. */
export function parseExpiry(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined
  let sumMs = 0
  for (const [, amount, unit] of text.matchAll(PART)) sumMs += Number(amount) * (UNITS_MS[unit ?? ''] ?? 0)
  return sumMs >= 1000 && sumMs <= MAX_MS ? Math.round(sumMs) : undefined
}
