/** What the camera face is configured with, and what a change of it is. */

import type { CAMERA_KEYS, SERVER_KEYS, ValuesOf } from '../config/index.js'

/** The ten keys of one camera; seconds, pixels and frames per second as in the file. */
export type CameraSettings = ValuesOf<typeof CAMERA_KEYS>

export type ServerSettings = ValuesOf<typeof SERVER_KEYS>

/** One camera of `cameras`; what is absent has its default. */
export interface CameraElement extends Partial<CameraSettings> {
  /** The registry's: `camera2`. */
  readonly id: string
  readonly name?: string
  /** Default true. */
  readonly enabled?: boolean
  /** Default false for the default camera, true for all others. */
  readonly on_demand?: boolean
}

/** All keys with their values in force, defaults filled in; frozen. */
export interface CameraServerConfig {
  /** The default camera. */
  readonly camera: CameraSettings
  readonly server: ServerSettings
  /** Absent when the file names none. */
  readonly cameras?: readonly CameraElement[]
  /** Cameras that `cameras` does not name are served too. */
  readonly auto_discover: boolean
}

export interface ConfigChange {
  readonly before: CameraServerConfig
  readonly after: CameraServerConfig
  /** Dotted keys: `camera.width`, `cameras.camera2.fps`; a camera that was added or removed as `cameras.camera2`. */
  readonly changed: readonly string[]
  /** Those in force now. */
  readonly applied: readonly string[]
  /** Those that are not in force yet. */
  readonly pending: readonly string[]
}

/** What is decided before anything is applied. */
export type PlannedChange = Omit<ConfigChange, 'applied' | 'pending'>

/** Puts a change in force; the parts of the service that are configured register one each. */
export interface Applier {
  /** For the log. */
  readonly name: string
  /** Whether a changed key is its business; it is called only when one is. */
  concerns(key: string): boolean
  /**
   * Before the change is kept: takes what can fail (a port). Throws ConfigRejected to refuse the change as a whole. The function
   * returned gives it back, when another part refuses.
   */
  prepare?(change: PlannedChange): Promise<() => Promise<void>>
  /** The keys of its own that are not in force yet. */
  apply(change: PlannedChange): Promise<readonly string[]>
}

const PREFIX = 'Invalid configuration: '

/** A document that breaks rules; nothing changed. The message names all of them: `Invalid configuration: camera.fps: ...`. */
export class ConfigRejected extends Error {
  /** `camera.fps: must be a number between 1 and 240, got string "abc"` */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`${PREFIX}${problems.join('; ')}`)
    this.name = 'ConfigRejected'
    this.problems = problems
  }
}

/** The file is missing, cannot be read or breaks rules; it was not touched and nothing changed. */
export class ConfigUnreadable extends Error {
  /** `config.json:3:12: ...`, every mistake of the file. */
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.name = 'ConfigUnreadable'
    this.reason = reason
  }
}

/** The file could not be written; nothing changed. */
export class ConfigUnwritable extends Error {
  readonly reason: string

  constructor(reason: string, cause: unknown) {
    super(reason, { cause })
    this.name = 'ConfigUnwritable'
    this.reason = reason
  }
}
