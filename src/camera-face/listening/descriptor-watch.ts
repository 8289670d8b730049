/**
 * Whether a file descriptor is free. Without one the library closes what connects and tells nobody: this is the only way to know.
 */

import { open } from 'node:fs/promises'
import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { FaceFaults } from '../faults.js'

export interface DescriptorWatchOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly faults: FaceFaults
  /** Opens something and closes it again; another one in tests. */
  readonly tryOne?: () => Promise<void>
}

const LOOK_MS = 1_000
const REASON = 'no file descriptor is free, so new connections are closed at once: raise the limit (LimitNOFILE, ulimit -n)'

export class DescriptorWatch {
  readonly #options: DescriptorWatchOptions
  #end: (() => void) | undefined
  /** The last look found none: said once, until one is free again. */
  #isOut = false
  #isLooking = false

  constructor(options: DescriptorWatchOptions) {
    this.#options = options
  }

  start(): void {
    this.#end ??= this.#options.clock.every(LOOK_MS, () => void this.#look())
  }

  stop(): void {
    this.#end?.()
    this.#end = undefined
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const { tryOne = openOne, faults, logger } = this.#options
    const code = await tryOne().then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error && 'code' in thrown ? thrown.code : undefined),
    )
    this.#isLooking = false
    const isOut = code === 'EMFILE' || code === 'ENFILE'
    if (isOut) faults.count('connection', 'DESCRIPTOR_LIMIT', `${REASON} (${code})`)
    if (isOut && !this.#isOut) logger.error({ code }, REASON)
    if (!isOut && this.#isOut) logger.info({}, 'file descriptors are free again')
    this.#isOut = isOut
  }
}

async function openOne(): Promise<void> {
  const handle = await open('/dev/null', 'r')
  await handle.close()
}
