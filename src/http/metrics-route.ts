/** `/metrics`: text that somebody else renders, for those who may see it; scrapes at the same moment share one rendering. */

import type { Answer, Call, Page, RouteGroup } from './routes.js'
import type { Trust } from './trust.js'

export interface MetricsRouteOptions {
  readonly trust: Trust
  readonly text: (format: 'prometheus' | 'openmetrics') => Promise<string>
  readonly types: Readonly<Record<'prometheus' | 'openmetrics', string>>
}

const UNAUTHORIZED: Answer = {
  status: '401 Unauthorized',
  headers: { 'WWW-Authenticate': 'Bearer' },
  body: 'Unauthorized: for this machine, http_health.allowed_ips and tokens',
}
const METHOD: Answer = { status: '405 Method Not Allowed', headers: { Allow: 'GET, HEAD' }, body: 'Method not allowed' }

export class MetricsRoute implements RouteGroup {
  readonly #options: MetricsRouteOptions
  readonly pages: readonly Page[] = [{ path: '/metrics', answer: (call) => this.#answer(call) }]
  readonly #rendering = new Map<string, Promise<string>>()

  constructor(options: MetricsRouteOptions) {
    this.#options = options
  }

  async #answer(call: Call): Promise<Answer> {
    if (call.method !== 'GET' && call.method !== 'HEAD') return METHOD
    if (!(await this.#options.trust.includes(call))) return UNAUTHORIZED
    const format = call.headers.get('accept').includes('application/openmetrics-text') ? 'openmetrics' : 'prometheus'
    const headers = { 'Content-Type': this.#options.types[format], 'Cache-Control': 'no-store' }
    return { status: '200 OK', headers, body: await this.#rendered(format) }
  }

  #rendered(format: 'prometheus' | 'openmetrics'): Promise<string> {
    const shared = this.#rendering.get(format)
    if (shared !== undefined) return shared
    const text = this.#options.text(format).finally(() => this.#rendering.delete(format))
    this.#rendering.set(format, text)
    return text
  }
}
