/** One event on its way out: each form of it is made once, however many hear it. */

import type { Payload } from './filters.js'
import { legacyParams } from './legacy-events.js'
import { legacyNotification } from './legacy-results.js'
import type { CameraPort } from './services.js'
import type { Session } from './session.js'

/** Place of an event in the stream of its name, for those who asked for numbers. */
export interface EventNumber {
  readonly seq: number
  readonly epoch: string
}

/** What of a client decides the form of its messages. */
type Receiver = Pick<Session, 'codec' | 'linkHost' | 'legacy'>

export class EventEncoder {
  readonly #topic: string
  readonly #payload: Payload
  readonly #cameras: Pick<CameraPort, 'status'>
  readonly #made = new Map<string, Uint8Array | undefined>()

  constructor(topic: string, payload: Payload, cameras: Pick<CameraPort, 'status'>) {
    this.#topic = topic
    this.#payload = payload
    this.#cameras = cameras
  }

  /** Undefined when the event has nothing to say under this name. */
  encode(name: string, receiver: Receiver, number: EventNumber | undefined): Uint8Array | undefined {
    const { codec, linkHost, legacy } = receiver
    // Only the camera update holds links, so only it differs by host.
    const host = name === 'camera_status_update' ? linkHost : ''
    const form = `${codec.name} ${number === undefined ? '' : 'numbered'} ${legacy ? 'legacy' : ''} ${name} ${host}`
    if (!this.#made.has(form)) {
      const params = legacyParams(name, this.#topic, this.#payload, (device) => this.#cameras.status(device, linkHost).value)
      const more = params && { ...(legacy && legacyNotification(params)), ...number }
      this.#made.set(form, params && codec.notification(name, { ...params, ...more }))
    }
    return this.#made.get(form)
  }
}
