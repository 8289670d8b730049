/** `/hls/NAME.m3u8` and what lies beside it: sent on to MediaMTX, which serves HLS itself. */

import { hostname } from 'node:os'
import { hostName } from './handshake.js'
import type { Answer, Call, Page, RouteGroup } from './routes.js'

export interface HlsRouteOptions {
  /** Name for links; undefined: the one that the client used. */
  readonly publicHost: string | undefined
  /** Address of the playlist of a path for a client that used `host`; undefined while nobody serves any, `unknown`: not this one. */
  readonly playlist: (path: string, host: string) => string | 'unknown' | undefined
}

/** No dot at the beginning and nothing encoded: what is sent on is what was looked at. */
const TARGET = /^\/hls\/([A-Za-z0-9_-]{1,128})(?:\.m3u8|\/([A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}))$/
const QUERY = /^[A-Za-z0-9_.~%=&+-]{0,1024}$/
const OPEN = { 'Access-Control-Allow-Origin': '*' } as const
const NOT_FOUND: Answer = { status: '404 Not Found', headers: OPEN, body: 'Not found' }

export class HlsRoute implements RouteGroup {
  readonly pages: readonly Page[] = [{ path: '/hls/*', answer: (call) => this.#answer(call) }]
  readonly #options: HlsRouteOptions

  constructor(options: HlsRouteOptions) {
    this.#options = options
  }

  #answer({ method, path, query, headers }: Call): Answer {
    if (method === 'OPTIONS') {
      return { status: '204 No Content', headers: { ...OPEN, 'Access-Control-Allow-Methods': 'GET, OPTIONS' }, body: '' }
    }
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: '405 Method Not Allowed', headers: { Allow: 'GET, HEAD, OPTIONS' }, body: 'Method not allowed' }
    }
    const [, name, file] = TARGET.exec(path) ?? []
    if (name === undefined || !QUERY.test(query)) return NOT_FOUND
    const { publicHost, playlist } = this.#options
    const address = playlist(name, publicHost ?? hostName(headers.get('host')) ?? hostname())
    if (address === 'unknown') return NOT_FOUND
    if (address === undefined) {
      return {
        status: '503 Service Unavailable',
        headers: { ...OPEN, 'Retry-After': '5' },
        body: 'No HLS: MediaMTX is away or has it off',
      }
    }
    const location = file === undefined ? address : address.replace(/[^/]*$/, file)
    return {
      status: '307 Temporary Redirect',
      headers: { ...OPEN, Location: query === '' ? location : `${location}?${query}`, 'Cache-Control': 'no-store' },
      body: '',
    }
  }
}
