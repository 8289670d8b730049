/** The port is ours alone: uWebSockets.js would share it silently with another process. */

import { createServer } from 'node:net'
import type { ListenSocket, TemplatedApp } from './uws.js'

/** A start error in one line, naming the port, the key and what to do. */
export class ListenError extends Error {
  readonly code: string

  constructor(code: string, message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'ListenError'
    this.code = code
  }
}

export interface ListenAddress {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Configuration key that sets the port, for the error text. */
  readonly key: string
}

const REMEDIES: Readonly<Record<string, (address: ListenAddress) => string>> = {
  EADDRINUSE: ({ key }) => `another process holds it; stop that process or set ${key}`,
  EACCES: ({ key }) => `no permission; set ${key} to a port above 1023 or grant CAP_NET_BIND_SERVICE`,
  EADDRNOTAVAIL: ({ key }) => `this machine does not have that address; set ${key.replace(/port$/, 'host')}`,
}

/** Options of listen: whether other sockets may listen on the port, and share what comes in. */
const SHARING = { shared: 0, exclusive: 1 } as const

/** Binds the address once, exclusively, and lets go of it again. The port, which was any free one for 0. Rejects with ListenError. */
export function checkFree(address: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (thrown: NodeJS.ErrnoException) => reject(listenError(address, thrown.code ?? 'EUNKNOWN', thrown)))
    probe.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      const bound = probe.address()
      probe.close(() => resolve(bound !== null && typeof bound === 'object' ? bound.port : address.port))
    })
  })
}

/** `shared`: beside other threads of ours. Rejects with ListenError. */
export function listenOn(app: TemplatedApp, address: ListenAddress, sharing: keyof typeof SHARING): Promise<ListenSocket> {
  return new Promise((resolve, reject) => {
    const listened = (socket: ListenSocket | false): void => {
      if (socket === false) reject(listenError(address, 'EADDRINUSE'))
      else resolve(socket)
    }
    // The declared overloads know options only without a host; the library takes both.
    Reflect.apply(app.listen, app, [address.host, address.port, SHARING[sharing], listened])
  })
}

export function listenError(address: ListenAddress, code: string, cause?: unknown): ListenError {
  const remedy = REMEDIES[code]?.(address) ?? `the system answered ${code}`
  return new ListenError(code, `cannot listen on ${address.host}:${address.port} (${address.key}): ${remedy}`, cause)
}
