/** Downloads as the configuration wants them. */

import { Tickets } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Config } from '../config/index.js'
import { type CredentialPort, DownloadDesk, Downloads, type RouteGroup, TicketRoute } from '../http/index.js'
import type { Recordings } from '../recordings/index.js'

export interface DownloadsContext {
  readonly config: Config
  readonly recordings: Pick<Recordings, 'files'>
  readonly credentials: CredentialPort
  readonly clock: Clock
  readonly logger: Logger
}

export interface BuiltDownloads {
  readonly desk: DownloadDesk
  readonly downloads: Downloads
  readonly tickets: RouteGroup
}

const MS_PER_SECOND = 1_000
const SLOW_BYTES_PER_SECOND = 1_024

export function buildDownloads({ config, recordings, credentials, clock, logger }: DownloadsContext): BuiltDownloads {
  const { downloads: settings, security } = config
  const tickets = new Tickets({ clock, lifetimeMs: settings.ticket_lifetime })
  const withinMs = settings.slow_cut
  const desk = new DownloadDesk({
    ...{ credentials, tickets },
    files: { hold: (kind, filename) => recordings.files.hold(kind, filename) },
    limits: { max: settings.max_concurrent, maxPerIdentity: settings.max_per_identity },
  })
  return {
    desk,
    downloads: new Downloads({
      ...{ desk, clock },
      get allowedOrigins() {
        return security.cors_origins
      },
      slow: { bytes: (SLOW_BYTES_PER_SECOND * withinMs) / MS_PER_SECOND, withinMs },
      logger: logger.child({ component: 'downloads' }),
    }),
    tickets: new TicketRoute({
      ...{ tickets, credentials },
      get allowedOrigins() {
        return security.cors_origins
      },
    }),
  }
}
