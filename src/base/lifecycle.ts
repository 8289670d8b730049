/** What lives long starts, stops, and stops twice without harm. */

import type { Clock } from './clock.js'
import { errorText } from './errors.js'
import type { Logger } from './logger.js'

export interface Service {
  readonly name: string
  /** Resolves when the service does its work. `signal` aborts a start under way. */
  start(signal: AbortSignal): Promise<void>
  /** Idempotent. Resolves when nothing of the service runs any more. */
  stop(): Promise<void>
}

export interface StopReport {
  /** Names of services that did not stop within their deadline. */
  readonly late: readonly string[]
}

/** Starts services in order. When one fails, those already up are stopped in reverse and the failure is rethrown. */
export async function startAll(services: readonly Service[], signal: AbortSignal): Promise<void> {
  const up: Service[] = []
  for (const service of services) {
    try {
      signal.throwIfAborted()
      await service.start(signal)
      up.push(service)
      // Who ended all of them meanwhile may have found this one not up yet.
      signal.throwIfAborted()
    } catch (thrown) {
      for (const running of up.reverse()) await running.stop().catch(() => undefined)
      throw thrown
    }
  }
}

/** Stops services in reverse order, each with a deadline, and goes on past a failure. */
export async function stopAll(
  services: readonly Service[],
  options: { readonly deadlineMs: number; readonly clock: Clock; readonly logger: Logger },
): Promise<StopReport> {
  const late: string[] = []
  for (const service of [...services].reverse()) {
    let cancel = (): void => undefined
    const deadline = new Promise<'late'>((resolve) => {
      cancel = options.clock.after(options.deadlineMs, () => resolve('late'))
    })
    const stopped = service.stop().then(
      () => 'stopped' as const,
      (thrown: unknown) => {
        options.logger.error({ service: service.name, error: errorText(thrown) }, 'service failed to stop')
        return 'stopped' as const
      },
    )
    if ((await Promise.race([stopped, deadline])) === 'late') late.push(service.name)
    cancel()
  }
  return { late }
}
