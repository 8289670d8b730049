/** What an earlier run of the service left: gone on with when its camera is there in time, else closed and listed. */

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, wait } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { RecordingCameras } from './cameras.js'
import type { Recording } from './recording.js'

export interface RecoveryOptions {
  readonly clock: Clock
  readonly cameras: Pick<RecordingCameras, 'get'>
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** A service that was away for longer does not go on by itself: whoever wanted the recording has seen it end. */
const RESUME_WITHIN_MS = 10 * 60_000
/** How long a camera may take to be found again after a start. */
const CAMERA_WAIT_MS = 15_000
const LOOK_MS = 50

export class Recovery {
  readonly #options: RecoveryOptions

  constructor(options: RecoveryOptions) {
    this.#options = options
  }

  async recover(recording: Recording, giveUp: () => Promise<unknown>): Promise<void> {
    const { clock, logger } = this.#options
    const { device, filename, deadlineMs } = recording.identity
    const cutMs = await recording.segments.lastWrittenMs()
    const wallMs = clock.wallMs()
    const wanted = wallMs < deadlineMs && wallMs - cutMs < RESUME_WITHIN_MS
    const goesOn = wanted && (await this.#cameraComes(device))
    logger.warn({ device, filename, goesOn }, 'a recording was cut off by the end of the service')
    if (goesOn) await recording.resume(cutMs)
    else await giveUp()
  }

  /** Cameras are found one by one after the start. */
  async #cameraComes(device: string): Promise<boolean> {
    const { clock, cameras, logger, signal } = this.#options
    const untilMs = clock.nowMs() + CAMERA_WAIT_MS
    for (;;) {
      try {
        cameras.get(device)
        return true
      } catch (thrown) {
        if (clock.nowMs() > untilMs || signal.aborted) {
          logger.warn({ device, error: errorText(thrown) }, 'a recording cannot go on')
          return false
        }
        await wait(clock, LOOK_MS, signal).catch(() => undefined)
      }
    }
  }
}

/** Folders of recordings that were begun and never answered: nobody knows of them. Never rejects. */
export async function removeUnknown(folders: readonly string[], known: ReadonlySet<string>): Promise<void> {
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!known.has(name)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined)
    }
  }
}
