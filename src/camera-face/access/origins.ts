/** Which pages may read answers, and which may change things (usb-camera-server §3.4). Pure. */

import type { WebRules } from '../ports.js'

type OriginRules = Pick<WebRules, 'corsOrigins' | 'crossOriginManagement'>

const METHODS = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT'
const READING = ['GET', 'HEAD', 'OPTIONS']
const PREFLIGHT_SECONDS = '600'

/** Headers for the answer to a request from `origin`; none of a refusal, only less. */
export function corsHeaders(origin: string | undefined, rules: OriginRules): Record<string, string> {
  if (origin === undefined) return {}
  if (rules.corsOrigins.includes(origin)) {
    return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true', Vary: 'Origin' }
  }
  // Never with credentials: any page could then act as whoever looks at it.
  if (rules.corsOrigins.includes('*')) return { 'Access-Control-Allow-Origin': '*', Vary: 'Origin' }
  return { Vary: 'Origin' }
}

export interface Preflight {
  readonly status: 200 | 400
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

export function preflight(origin: string, wantedHeaders: string | undefined, rules: OriginRules): Preflight {
  const headers = corsHeaders(origin, rules)
  if (headers['Access-Control-Allow-Origin'] === undefined) return { status: 400, text: 'Disallowed CORS origin', headers }
  return {
    status: 200,
    text: 'OK',
    headers: {
      ...headers,
      'Access-Control-Allow-Methods': mayManage(origin, rules) ? METHODS : READING.join(', '),
      'Access-Control-Max-Age': PREFLIGHT_SECONDS,
      ...(wantedHeaders === undefined ? {} : { 'Access-Control-Allow-Headers': wantedHeaders }),
    },
  }
}

/** Whether a request that changes something may come from this page. `host` is the Host header. */
export function changeAllowed(method: string, origin: string | undefined, host: string, rules: OriginRules): boolean {
  return READING.includes(method) || origin === undefined || isSameOrigin(origin, host) || mayManage(origin, rules)
}

/** Both schemes: a proxy in front may speak TLS. */
export function isSameOrigin(origin: string, host: string): boolean {
  const authority = host.toLowerCase()
  return origin === `http://${authority}` || origin === `https://${authority}`
}

/** `null` comes from sandboxed frames and files of whoever, so no list can mean it. */
function mayManage(origin: string, { corsOrigins, crossOriginManagement }: OriginRules): boolean {
  if (origin === 'null') return false
  return corsOrigins.includes(origin) || (crossOriginManagement && corsOrigins.includes('*'))
}
