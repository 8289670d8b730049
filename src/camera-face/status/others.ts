/**
 * The other cameras of `/status`, in short. Clients ask for it many times a second, with dozens of cameras in it: the text is made
 * anew when a state changed, and otherwise ten times a second.
 */

import type { Clock } from '../../base/clock.js'
import type { FacePorts } from '../ports.js'
import { allCameras, briefFactsOf } from './facts.js'
import { shortDocument } from './status.js'

/** Figures are no older. */
const MAX_AGE_MS = 100

interface Text {
  readonly json: string | undefined
  readonly but: string
  readonly revision: number
  readonly atMs: number
}

export class OtherCameras {
  readonly #ports: Pick<FacePorts, 'cameras' | 'viewers'>
  readonly #clock: Clock
  #last: Text | undefined

  constructor(ports: Pick<FacePorts, 'cameras' | 'viewers'>, clock: Clock) {
    this.#ports = ports
    this.#clock = clock
  }

  /** Id to the short document of each camera but one, as JSON; undefined when there are none. */
  json(but: string): string | undefined {
    const { revision } = this.#ports.cameras
    const nowMs = this.#clock.nowMs()
    const last = this.#last
    if (last !== undefined && last.but === but && last.revision === revision && nowMs - last.atMs < MAX_AGE_MS) return last.json
    const json = this.#render(but)
    this.#last = { json, but, revision, atMs: nowMs }
    return json
  }

  #render(but: string): string | undefined {
    const others = allCameras(this.#ports).filter(({ id }) => id !== but)
    if (others.length === 0) return undefined
    return JSON.stringify(Object.fromEntries(others.map((name) => [name.id, shortDocument(briefFactsOf(name, this.#ports))])))
  }
}
