/** How the control API answers: JSON bodies, error texts, pages, the plain 404 of unknown routes. */

export interface Reply {
  readonly status: number
  readonly type: 'json' | 'text' | 'html'
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Success of a write; its body was empty before 1.15.5. */
export function done(old: boolean): Reply {
  return { status: 200, type: 'json', body: old ? '' : '{"status":"ok"}' }
}

export function json(value: unknown): Reply {
  return { status: 200, type: 'json', body: JSON.stringify(value) }
}

export function failure(status: number, text: string, old: boolean): Reply {
  return { status, type: 'json', body: JSON.stringify(old ? { error: text } : { status: 'error', error: text }) }
}

/** No such route, wrong verb, or a group of endpoints whose server is off. */
export const NOT_FOUND: Reply = { status: 404, type: 'text', body: '404 page not found' }

export function unauthorized(challenge: boolean, old: boolean): Reply {
  const reply = old ? { status: 401, type: 'json' as const, body: '' } : failure(401, 'authentication error', false)
  return challenge ? { ...reply, headers: { 'www-authenticate': 'Basic realm="mediamtx"' } } : reply
}

export function movedPermanently(path: string): Reply {
  return { status: 301, type: 'html', body: `<a href="${path}">Moved Permanently</a>.\n\n`, headers: { location: path } }
}

const DEFAULT_ITEMS = 100
const MAX_ITEMS = 2 ** 31 - 1

/** One page of a list, or the refusal of bad arguments. */
export function page(items: readonly unknown[], query: URLSearchParams, old: boolean): Reply {
  const perPage = argument(query.get('itemsPerPage'), DEFAULT_ITEMS)
  const index = argument(query.get('page'), 0)
  for (const value of [perPage, index]) if (typeof value === 'string') return failure(400, value, old)
  if (perPage === 0) return failure(400, 'invalid items per page', old)
  const [size, at] = [Number(perPage), Number(index)]
  return json({
    itemCount: items.length,
    pageCount: Math.ceil(items.length / size),
    items: items.slice(at * size, (at + 1) * size),
  })
}

/** The number, or what is wrong with it in Go's words. */
function argument(text: string | null, standard: number): number | string {
  if (text === null || text === '') return standard
  if (!/^\d+$/.test(text)) return `strconv.ParseUint: parsing "${text}": invalid syntax`
  return Number(text) <= MAX_ITEMS ? Number(text) : `strconv.ParseUint: parsing "${text}": value out of range`
}

/** RFC 3339 with the trailing zeros of the fraction cut. */
export function time(date: Date): string {
  return date.toISOString().replace(/\.?0+Z$/, 'Z')
}
