/** From method and path to a row of the table (usb-camera-server §3.1). Built once. */

import type { Route } from './call.js'

export type Routed =
  | { readonly kind: 'route'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'redirect'; readonly path: string }
  | { readonly kind: 'wrong-method'; readonly allow: string }
  | { readonly kind: 'unknown' }

interface Place {
  readonly match: RegExp
  readonly names: readonly string[]
  readonly byMethod: Map<string, Route>
}

interface Found {
  readonly place: Place
  readonly params: Readonly<Record<string, string>>
}

export class Router {
  readonly #places = new Map<string, Place>()

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const place = this.#places.get(route.path) ?? placeOf(route.path)
      this.#places.set(route.path, place)
      place.byMethod.set(route.method, route)
    }
  }

  /** `path` is decoded and starts with `/`. */
  find(method: string, path: string): Routed {
    const found = this.#place(path)
    if (found === undefined) {
      const short = path.slice(0, -1)
      const slashed = path.length > 1 && path.endsWith('/') && this.#place(short) !== undefined
      return slashed ? { kind: 'redirect', path: short } : { kind: 'unknown' }
    }
    const { byMethod } = found.place
    const route = byMethod.get(method === 'HEAD' ? 'GET' : method)
    return route === undefined
      ? { kind: 'wrong-method', allow: allowed([...byMethod.keys()]) }
      : { kind: 'route', route, params: found.params }
  }

  #place(path: string): Found | undefined {
    const fixed = this.#places.get(path)
    if (fixed !== undefined && fixed.names.length === 0) return { place: fixed, params: {} }
    for (const place of this.#places.values()) {
      const match = place.names.length === 0 ? null : place.match.exec(path)
      if (match === null) continue
      return { place, params: Object.fromEntries(place.names.map((name, index) => [name, match[index + 1] ?? ''])) }
    }
    return undefined
  }
}

function placeOf(path: string): Place {
  const names: string[] = []
  const pattern = path.replaceAll('.', '\\.').replace(/\{(\w+)(\\\.\\\.\\\.)?\}/g, (_, name: string, rest?: string) => {
    names.push(name)
    return rest === undefined ? '([^/]+)' : '(.+)'
  })
  return { match: new RegExp(`^${pattern}$`, 's'), names, byMethod: new Map() }
}

function allowed(methods: readonly string[]): string {
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
}
