/** Headers of one request, as they came. They outlive the library's own request object only as a copy. */

import type { HttpRequest } from './uws.js'

export class RequestHeaders {
  /** Name, value, name, value, … with names in lower case: plain data, for another thread. */
  readonly flat: readonly string[]

  constructor(flat: readonly string[]) {
    this.flat = flat
  }

  static of(request: HttpRequest): RequestHeaders {
    const flat: string[] = []
    request.forEach((name, value) => {
      flat.push(name, value)
    })
    return new RequestHeaders(flat)
  }

  /** With commas between them when it came more than once; empty when it did not come. `name`: in lower case. */
  get(name: string): string {
    const { flat } = this
    let all: string | undefined
    for (let at = 0; at < flat.length; at += 2) {
      if (flat[at] === name) all = all === undefined ? flat[at + 1] : `${all},${flat[at + 1]}`
    }
    return all ?? ''
  }

  /** How often it came. */
  count(name: string): number {
    const { flat } = this
    let count = 0
    for (let at = 0; at < flat.length; at += 2) if (flat[at] === name) count += 1
    return count
  }

  /** Each as often as it came. */
  get names(): readonly string[] {
    return this.flat.filter((_, at) => at % 2 === 0)
  }
}
