/** What SIGHUP, SIGUSR1 and SIGUSR2 ask for (camera-server contract §8). Each tells its own failures and never rejects. */

import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'

export interface SignalParts {
  readonly logger: Logger
  /** Log files are opened anew first: what follows is written to them. */
  readonly reopenLog: () => Promise<void>
  readonly reloadKeys: () => Promise<void>
  /** The service's own file. Never rejects. */
  readonly reloadService: () => Promise<void>
  /** That of the camera face; undefined when it is off. */
  readonly reloadConfig: (() => Promise<unknown>) | undefined
  /** Id to the `/status` document of each camera. */
  readonly statistics: () => Readonly<Record<string, unknown>>
  readonly devices: () => readonly string[]
  readonly restart: (device: string, options: { readonly waitMs: number }) => Promise<boolean>
}

export interface SignalActions {
  reload(): Promise<void>
  logStatistics(): Promise<void>
  restartCameras(): Promise<void>
}

/** Longest wait for the first frame after a restart, as over HTTP. */
const RESTART_MS = 10_000

export function signalActions(parts: SignalParts): SignalActions {
  const logger = parts.logger.child({ component: 'signals' })
  return {
    async reload() {
      await parts.reopenLog()
      await parts.reloadService()
      try {
        await parts.reloadKeys()
      } catch (thrown) {
        logger.error({ error: errorText(thrown) }, 'the secret was not reloaded; the one in force stays')
      }
      try {
        await parts.reloadConfig?.()
      } catch (thrown) {
        logger.error({ error: errorText(thrown) }, 'the configuration was not reloaded; what was in force stays')
      }
    },

    async logStatistics() {
      try {
        logger.info({ document: parts.statistics() }, 'Statistics')
      } catch (thrown) {
        logger.error({ error: errorText(thrown) }, 'the statistics could not be made')
      }
    },

    async restartCameras() {
      logger.info({}, 'restarting the cameras')
      await Promise.all(
        parts.devices().map(async (device) => {
          const failed = (error: string): void => logger.error({ device, error }, 'a camera did not restart')
          try {
            if (!(await parts.restart(device, { waitMs: RESTART_MS }))) failed('no frames yet')
          } catch (thrown) {
            failed(errorText(thrown))
          }
        }),
      )
    },
  }
}
