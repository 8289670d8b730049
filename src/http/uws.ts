/**
 * The one file that knows how uWebSockets.js is found. No one package has a binary for every target, so aliases are tried in
 * turn; each is CommonJS with a native binary and loads only where that binary fits.
 */

import type { HttpResponse, TemplatedApp } from 'uWebSockets.js'
import { createRequire } from 'node:module'
import { errorText } from '../base/errors.js'

export type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket as ListenSocket,
  us_socket_context_t as UpgradeContext,
  WebSocket,
} from 'uWebSockets.js'

export type Uws = typeof import('uWebSockets.js')

const ALIASES = ['uWebSockets.js', 'uws-next']
const MAX_HEADER_BYTES = 16 * 1024

/** The library. Throws an error that names target and remedy when no alias has a binary for this machine. */
export function loadUws(): Uws {
  // Read once, by the library's own start-up code: above its default of 4 KiB it answers 431.
  process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(MAX_HEADER_BYTES)
  const require = createRequire(import.meta.url)
  const failures: string[] = []
  for (const alias of ALIASES) {
    try {
      return require(alias) as Uws
    } catch (thrown) {
      failures.push(`${alias}: ${errorText(thrown).split('\n').at(-1)}`)
    }
  }
  throw new Error(`no build of uWebSockets.js fits ${target()}: run scripts/setup.sh on this machine (${failures.join('; ')})`)
}

/**
 * Hears of each socket that comes (1), before any request, and of each that goes (-1) unless it has become a WebSocket: those have
 * their own `close`. The response is good for its address and for closing it, during the call with 1 only. The types of the older alias
 * do not know the call.
 */
export function countSockets(app: TemplatedApp, onChange: (change: number, response: HttpResponse) => void): void {
  const { filter } = app as TemplatedApp & { filter?(listener: (response: HttpResponse, change: number) => void): unknown }
  filter?.call(app, (response, change) => onChange(change > 0 ? 1 : -1, response))
}

function target(): string {
  const report = process.report.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } }
  return `${process.platform}-${process.arch}, Node ${process.versions.node}, glibc ${report.header?.glibcVersionRuntime ?? 'unknown'}`
}
