/** One event on its way out: each form of it is made once, however many hear it. */

import type { Payload } from './filters.js'
import { FOR_LEGACY, legacyParams } from './legacy-events.js'
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

/** One form of the event, and for whom it is. */
interface Form extends Receiver {
  readonly name: string
  readonly isNumbered: boolean
  /** Undefined when there is nothing to say. */
  readonly bytes: Uint8Array | undefined
}

/** What of the cameras goes into events. */
export type EventCameras = Pick<CameraPort, 'status' | 'capabilities'>

export class EventEncoder {
  readonly #topic: string
  readonly #payload: Payload
  readonly #forLegacy: unknown
  readonly #cameras: EventCameras
  readonly #made = new Map<string, Form>()
  /** Most hear it in the same form as the one before them: to compare is quicker than to look up. */
  #last: Form | undefined

  constructor(topic: string, payload: Payload, cameras: EventCameras) {
    const { [FOR_LEGACY]: forLegacy, ...plain } = payload
    this.#topic = topic
    this.#payload = plain
    this.#forLegacy = forLegacy
    this.#cameras = cameras
  }

  /** Undefined when the event has nothing to say under this name. */
  encode(name: string, receiver: Receiver, number: EventNumber | undefined): Uint8Array | undefined {
    const last = this.#last
    if (last !== undefined && last.name === name && last.isNumbered === (number !== undefined) && isAlike(last, receiver)) {
      return last.bytes
    }
    const { codec, linkHost, legacy } = receiver
    // Only the camera update holds links, so only it differs by host.
    const host = name === 'camera_status_update' ? linkHost : ''
    const key = `${codec.name} ${number === undefined ? '' : 'numbered'} ${legacy ? 'legacy' : ''} ${name} ${host}`
    const form = this.#made.get(key) ?? this.#make(name, receiver, number)
    this.#made.set(key, form)
    this.#last = form
    return form.bytes
  }

  #make(name: string, { codec, linkHost, legacy }: Receiver, number: EventNumber | undefined): Form {
    const params = legacyParams(name, this.#topic, this.#payload, (device) => this.#cameras.status(device, linkHost).value)
    const formats = (device: string) => this.#cameras.capabilities(device).value.formats
    const older = params && legacy ? { ...legacyNotification(params, formats), ...Object(this.#forLegacy) } : {}
    const more = { ...older, ...number }
    const bytes = params && codec.notification(name, { ...params, ...more })
    return { name, codec, linkHost, legacy, isNumbered: number !== undefined, bytes }
  }
}

function isAlike(one: Receiver, other: Receiver): boolean {
  return one.codec === other.codec && one.legacy === other.legacy && one.linkHost === other.linkHost
}
