/** Downloads as the configuration wants them. */

import { type Identity, Tickets } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
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

export type SlowDownloads = ConstructorParameters<typeof Downloads>[0]['slow']

export interface BuiltDownloads {
  readonly desk: DownloadDesk
  readonly downloads: Downloads
  /** Adds a ticket to a `download_url`; undefined where that is not wanted. */
  readonly link: ((url: string, identity: Identity) => string) | undefined
  readonly tickets: RouteGroup
  /** Who takes less is cut. */
  readonly slow: SlowDownloads
}

const MS_PER_SECOND = 1_000
const SLOW_BYTES_PER_SECOND = 1_024

export function buildDownloads({ config, recordings, credentials, clock, logger }: DownloadsContext): BuiltDownloads {
  const { downloads: settings, security } = config
  const tickets = new Tickets({ clock, lifetimeMs: settings.ticket_lifetime })
  const withinMs = settings.slow_cut
  const slow = { bytes: (SLOW_BYTES_PER_SECOND * withinMs) / MS_PER_SECOND, withinMs }
  const desk = new DownloadDesk({
    ...{ credentials, tickets },
    files: { hold: (kind, filename) => recordings.files.hold(kind, filename) },
    limits: { max: settings.max_concurrent, maxPerIdentity: settings.max_per_identity },
  })
  const link = (url: string, identity: Identity): string => {
    try {
      const { ticket } = tickets.issue({ purpose: url, holder: `user ${identity.userId}`, once: true, identity })
      return `${url}?ticket=${ticket}`
    } catch (thrown) {
      // So many are open that there are no more: the plain one still works with a header.
      if (thrown instanceof ServiceError && thrown.code === 'RATE_LIMITED') return url
      throw thrown
    }
  }
  return {
    ...{ desk, slow },
    link: settings.ticketed_urls ? link : undefined,
    downloads: new Downloads({
      ...{ desk, slow, clock },
      get allowedOrigins() {
        return security.cors_origins
      },
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
