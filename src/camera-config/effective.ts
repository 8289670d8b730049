/** From what a file says to what is in force, and from one configuration to the keys in which another differs. Pure. */

import { isDeepStrictEqual } from 'node:util'
import { CAMERA_KEYS, SERVER_KEYS } from '../config/index.js'
import type { Said } from './check.js'
import type { CameraElement, CameraServerConfig, CameraSettings, ServerSettings } from './types.js'

export interface Defaults {
  readonly camera: CameraSettings
  readonly server: ServerSettings
}

/** What the default camera is asked for when nobody said anything yet. */
export interface ChosenMode {
  readonly width: number
  readonly height: number
  readonly fps: number
}

/** Every key with what the file says, else its default; frozen all the way down. */
export function effectiveConfig(said: Said, defaults: Defaults): CameraServerConfig {
  return freeze({
    camera: { ...defaults.camera, ...said.camera },
    server: { ...defaults.server, ...said.server },
    ...(said.cameras !== undefined && said.cameras.length > 0 && { cameras: said.cameras }),
    auto_discover: said.auto_discover ?? true,
  })
}

/** The text of a file that was missing: the keys of the contract; ours only where they differ from their defaults. */
export function freshText(config: CameraServerConfig): string {
  const { camera, server, cameras, auto_discover } = config
  const document = {
    camera,
    server: Object.fromEntries(
      Object.entries(SERVER_KEYS).flatMap(([name, key]) => {
        const value = server[name as keyof ServerSettings]
        return 'extension' in key && isDeepStrictEqual(value, key.default) ? [] : [[name, value]]
      }),
    ),
    ...(cameras !== undefined && { cameras }),
    ...(!auto_discover && { auto_discover }),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** The defaults with the mode that was chosen for the default camera, unless its size or rate was configured. */
export function withMode(defaults: Defaults, mode: ChosenMode | undefined): Defaults {
  const { camera } = defaults
  const isConfigured = (['width', 'height', 'fps'] as const).some((name) => camera[name] !== CAMERA_KEYS[name].default)
  if (mode === undefined || isConfigured) return defaults
  const { width, height, fps } = mode
  // A rate or size beyond the limits of the keys could be run but not be written.
  const fits = [
    [width, CAMERA_KEYS.width],
    [height, CAMERA_KEYS.height],
    [fps, CAMERA_KEYS.fps],
  ] as const
  if (!fits.every(([value, key]) => key.kind.parse(value) === value)) return defaults
  return { ...defaults, camera: { ...camera, width, height, fps } }
}

/** Dotted keys with different values, in the order of the tables. */
export function changedKeys(before: CameraServerConfig, after: CameraServerConfig): string[] {
  return [
    ...changedIn('camera', before.camera, after.camera),
    ...changedIn('server', before.server, after.server),
    ...changedElements(before.cameras ?? [], after.cameras ?? []),
    ...(before.auto_discover === after.auto_discover ? [] : ['auto_discover']),
  ]
}

function changedElements(before: readonly CameraElement[], after: readonly CameraElement[]): string[] {
  const ids = new Set([...before, ...after].map(({ id }) => id))
  return [...ids].flatMap((id) => {
    const [old, now] = [before, after].map((list) => list.find((element) => element.id === id))
    const name = `cameras.${id}`
    return old === undefined || now === undefined ? [name] : changedIn(name, old, now)
  })
}

function changedIn(section: string, before: object, after: object): string[] {
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))]
  const names = new Set([...old.keys(), ...now.keys()])
  return [...names].filter((name) => !isDeepStrictEqual(old.get(name), now.get(name))).map((name) => `${section}.${name}`)
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) freeze(inner)
    Object.freeze(value)
  }
  return value
}
