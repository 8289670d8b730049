/** What the log says of one camera's capture: each change of state once, repeated failures rarely (usb-camera-server §7). */

import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { CaptureInfo } from '../../native/index.js'
import { type Fault, isOutOfDescriptors } from './capture-fault.js'
import { FailureLog } from './failure-log.js'
import { isOpen, type Machine } from './reconnect-machine.js'

export class CaptureLog {
  readonly #logger: Logger
  readonly #failures: FailureLog

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#failures = new FailureLog(clock)
  }

  /** The state is another one than before. */
  entered(before: Machine, now: Machine, info: CaptureInfo | undefined, failure: Fault | undefined): void {
    const { attempts } = now
    const facts = failure === undefined ? {} : { code: failure.code, error: failure.message }
    switch (now.phase) {
      case 'streaming':
        this.#failures.clear()
        this.#logger.info({ ...modeFacts(info), failed_attempts: before.attempts }, 'camera streams')
        break
      case 'stalled':
        this.#logger.warn({}, 'camera stalled')
        break
      case 'given_up':
        this.#logger.error({ attempts, ...facts }, 'camera given up')
        break
      case 'waiting':
        if (now.present) this.#failed(attempts, facts, failure)
        else this.#logger.warn({}, before.present ? 'camera unplugged' : 'camera is waited for')
        break
      case 'disabled':
      case 'idle':
        if (isOpen(before)) this.#logger.info({ state: now.phase }, 'capture ended')
        break
      case 'opening':
        this.#logger.debug({ attempts }, 'camera is opened')
        break
    }
  }

  #failed(attempts: number, facts: object, failure: Fault | undefined): void {
    const failures = this.#failures.count()
    if (failures === 0) return
    // Without descriptors more than this camera is in trouble.
    const level = failure !== undefined && isOutOfDescriptors(failure) ? 'error' : 'warn'
    this.#logger[level]({ failures, attempts, ...facts }, 'capture failed; it is tried again')
  }
}

function modeFacts(info: CaptureInfo | undefined): object {
  if (info === undefined) return {}
  const { width, height, fourcc, interval } = info
  return { mode: `${width}x${height} ${fourcc}`, fps: Number((interval.den / interval.num).toFixed(2)) }
}
