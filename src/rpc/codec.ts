import type { Id, Message } from './message.js'
import type { Refusal, WireError } from './wire-error.js'

/** What goes out in one frame. */
export type Payload = string | Uint8Array

/** One encoding of the same messages. Ids pass through in the codec's own form. */
export interface Codec {
  readonly name: 'json' | 'msgpack'
  /** Whether payloads go out as binary frames. */
  readonly binary: boolean
  /** Never throws: what cannot be read becomes a message with a fault. `bytes` are only valid during the call. */
  decode(bytes: ArrayBuffer): Message
  /** `result` may be a `Rendered`. Bytes are only good until the next reply. */
  reply(id: Id, result: unknown): Payload
  /** As `reply`. */
  failure(id: Id | undefined, error: WireError | Refusal): Payload
  /** Encoded once for many receivers, so always as bytes. `params` may be a `Rendered`. */
  notification(name: string, params: unknown): Uint8Array
}
