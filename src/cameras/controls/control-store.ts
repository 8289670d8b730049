/**
 * What clients set, by camera: values survive a service's end, but a camera forgets them with its power. Read with the first use,
 * since most cameras are never told anything.
 */

import { join } from 'node:path'
import type { Logger } from '../../base/logger.js'
import { isRecord, StateFile } from '../../base/state-file.js'
import type { ControlNumber } from '../../native/index.js'

export interface RememberedControl {
  readonly id: number
  /** The device's value. */
  readonly value: ControlNumber
}

/** Name → what it was set to. */
type Remembered = Map<string, RememberedControl>

const VERSION = 1
/** The cameras set last are kept. */
const MAX_CAMERAS = 256
const MAX_CONTROLS = 512

export class ControlStore {
  readonly #file: StateFile
  #cameras: Promise<Map<string, Remembered>> | undefined

  constructor(options: { readonly stateDir: string; readonly logger: Logger }) {
    this.#file = new StateFile({
      file: join(options.stateDir, 'controls.json'),
      what: 'remembered controls',
      logger: options.logger,
    })
  }

  /** What was set on a camera, in the order of its first setting. */
  async of(identity: string): Promise<ReadonlyMap<string, RememberedControl>> {
    return (await this.#load()).get(identity) ?? new Map()
  }

  /** Resolves when it is on disk. */
  async remember(identity: string, controls: ReadonlyMap<string, RememberedControl>): Promise<void> {
    if (controls.size === 0) return
    const cameras = await this.#load()
    const known = cameras.get(identity) ?? new Map<string, RememberedControl>()
    for (const [name, control] of controls) if (known.has(name) || known.size < MAX_CONTROLS) known.set(name, control)
    // Last in the order: the camera whose setting is longest ago goes first.
    cameras.delete(identity)
    cameras.set(identity, known)
    for (const oldest of cameras.keys()) {
      if (cameras.size <= MAX_CAMERAS) break
      cameras.delete(oldest)
    }
    await this.#save(cameras)
  }

  /** Resolves when it is on disk. */
  async forget(identity: string, names: readonly string[]): Promise<void> {
    const cameras = await this.#load()
    const known = cameras.get(identity)
    if (known === undefined || !names.some((name) => known.has(name))) return
    for (const name of names) known.delete(name)
    if (known.size === 0) cameras.delete(identity)
    await this.#save(cameras)
  }

  #load(): Promise<Map<string, Remembered>> {
    this.#cameras ??= this.#file.load(parse).then((cameras) => cameras ?? new Map())
    return this.#cameras
  }

  #save(cameras: ReadonlyMap<string, Remembered>): Promise<boolean> {
    const entries = [...cameras].map(([identity, controls]) => [identity, Object.fromEntries(controls)])
    return this.#file.save({ version: VERSION, cameras: Object.fromEntries(entries) })
  }
}

function parse(content: unknown): Map<string, Remembered> | undefined {
  if (!isRecord(content) || content.version !== VERSION || !isRecord(content.cameras)) return undefined
  const cameras = new Map<string, Remembered>()
  for (const [identity, controls] of Object.entries(content.cameras).slice(-MAX_CAMERAS)) {
    if (!isRecord(controls)) return undefined
    const known: Remembered = new Map()
    for (const [name, control] of Object.entries(controls).slice(0, MAX_CONTROLS)) {
      if (!isRemembered(control)) return undefined
      known.set(name, { id: control.id, value: control.value })
    }
    cameras.set(identity, known)
  }
  return cameras
}

function isRemembered(value: unknown): value is RememberedControl {
  if (!isRecord(value) || !Number.isSafeInteger(value.id) || Number(value.id) < 0) return false
  return typeof value.value === 'string' || Number.isSafeInteger(value.value)
}
