import { duration, flag, integer, section } from '../keys.js'

const SECOND = 1000

export const downloads = section('Downloads of recordings and snapshots.', {
  max_concurrent: integer({
    default: 64,
    min: 1,
    max: 10_000,
    reload: 'restart',
    doc: 'Downloads at once in all; more get 503.',
  }),
  max_per_identity: integer({
    default: 4,
    min: 1,
    max: 10_000,
    reload: 'restart',
    doc: 'Downloads at once of one user; more get 429.',
  }),
  slow_cut: duration({
    default: 30 * SECOND,
    min: SECOND,
    max: 60 * 60 * SECOND,
    reload: 'restart',
    doc: 'Who takes less than 1 KiB/s for so long is cut.',
  }),
  ticketed_urls: flag({
    default: false,
    reload: 'restart',
    doc: 'Every download_url carries a ticket, for pages that open it as it is; the ticket opens the file once.',
  }),
  ticket_lifetime: duration({
    default: 60 * SECOND,
    min: SECOND,
    max: 60 * SECOND,
    reload: 'restart',
    doc: 'How long a ticket of POST /api/v1/tickets opens its file, once.',
  }),
})
