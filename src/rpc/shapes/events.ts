/** Subscriptions on the wire (contract §9.6). */

import type { Builder } from '../schema.js'
import { Camera } from './cameras.js'
import { count } from './common.js'
import { ActiveRecording } from './recordings.js'

const sequence = (t: Builder) => t.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const SubscribeParams = (t: Builder) =>
  t.Object({
    topics: t.Array(t.String(), { minItems: 1, maxItems: 64 }),
    filters: t.Optional(
      t.Object(
        {},
        {
          default: {},
          description: 'Exact matches on the payload, joined with AND: `device`, `topic`, `timestamp_after`, `timestamp_before`',
        },
      ),
    ),
    epoch: t.Optional(
      t.String({
        maxLength: 64,
        description: 'As last answered, empty at first: events then carry `seq` and `epoch`, and what was missed can be had',
      }),
    ),
    since_seq: t.Optional(
      t.Union([sequence(t), t.Record(t.String(), sequence(t))], {
        description: 'The newest `seq` the client has, by topic, or one number for all',
        rule: 'integer of at least 0, or object of such by topic',
      }),
    ),
  })

/** `epoch` and what follows it only when the call had `epoch` or `since_seq`. */
export const Subscribed = (t: Builder) =>
  t.Object({
    subscribed: t.Boolean(),
    topics: t.Array(t.String()),
    filters: t.Object({}),
    epoch: t.Optional(t.String({ description: 'New with each start of the service' })),
    seq: t.Optional(t.Record(t.String(), sequence(t), { description: 'Of the newest event of each topic' })),
    resync: t.Optional(t.Boolean({ description: 'True: what was missed cannot be told, `state` is how things are' })),
    state: t.Optional(
      t.Object({
        cameras: t.Array(Camera(t)),
        recordings: t.Array(ActiveRecording(t), { description: 'Under way' }),
        health: t.Union([t.Null(), t.Object({}, { additionalProperties: true })], {
          description: 'The newest `system.health`, null when there was none yet',
        }),
      }),
    ),
  })

export const UnsubscribeParams = (t: Builder) =>
  t.Object({
    topics: t.Optional(t.Array(t.String(), { description: 'All when absent' })),
  })

export const Unsubscribed = (t: Builder) => t.Object({ unsubscribed: t.Boolean(), topics: t.Array(t.String()) })

export const SubscriptionStats = (t: Builder) =>
  t.Object({
    global_stats: t.Object({
      total_subscriptions: count(t),
      active_clients: count(t),
      topic_counts: t.Record(t.String(), count(t)),
    }),
    client_topics: t.Array(t.String()),
    client_id: t.String(),
  })
