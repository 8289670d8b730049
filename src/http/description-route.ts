/** `/openrpc.json`: what can be called, for programs. */

import type { Answer, Page, RouteGroup } from './routes.js'

const METHOD: Answer = { status: '405 Method Not Allowed', headers: { Allow: 'GET, HEAD' }, body: 'Method not allowed' }

export class DescriptionRoute implements RouteGroup {
  readonly pages: readonly Page[]

  /** `json` is asked for with each request. */
  constructor(json: () => string) {
    const answer = (method: string): Answer =>
      method === 'GET' || method === 'HEAD'
        ? { status: '200 OK', headers: { 'Content-Type': 'application/json' }, body: json() }
        : METHOD
    this.pages = [{ path: '/openrpc.json', answer: ({ method }) => answer(method) }]
  }
}
