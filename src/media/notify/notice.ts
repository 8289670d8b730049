/** Pure: the one line a notifier says. */

/** A file that MediaMTX opened or closed. The two of one file may come in either order: each is told by a process of its own. */
export type SegmentNotice =
  | { readonly kind: 'created'; readonly path: string; readonly file: string }
  | { readonly kind: 'completed'; readonly path: string; readonly file: string; readonly durationMs: number }

export type Notice = SegmentNotice | { readonly kind: 'demand'; readonly path: string }

/** `undefined` for nonsense. */
export function parseNotice(line: string): Notice | undefined {
  const [, kind, path = '', rest = ''] = /^(demand|created|completed) (\S+) (.+)$/s.exec(line) ?? []
  if (kind === 'demand') return /^\d+$/.test(rest) ? { kind, path } : undefined
  if (kind === 'created') return { kind, path, file: rest }
  if (kind !== 'completed') return undefined
  const [, seconds, file = ''] = /^(\d+(?:\.\d+)?) (.+)$/s.exec(rest) ?? []
  return seconds === undefined ? undefined : { kind, path, file, durationMs: Math.round(Number(seconds) * 1_000) }
}
