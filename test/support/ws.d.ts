/** The part of `ws` that the tests use; the package brings no types. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events'
  import type { Duplex } from 'node:stream'

  export interface ClientOptions {
    readonly origin?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly perMessageDeflate?: boolean
    readonly handshakeTimeout?: number
  }

  export class WebSocket extends EventEmitter {
    constructor(url: string, protocols?: readonly string[], options?: ClientOptions)
    readonly protocol: string
    readonly readyState: number
    /** The stream below; there once the socket is open. */
    readonly _socket: Duplex
    send(data: string | Uint8Array, options?: { readonly binary?: boolean }): void
    ping(): void
    pause(): void
    resume(): void
    close(code?: number, reason?: string): void
    terminate(): void
  }
}
