/** Shapes of external streams on the wire (contract §9.7). Times are ISO 8601 (C-24). */

import { type Builder, type Shape, words } from '../schema.js'
import { time } from './common.js'

const streamType = (t: Builder, absent?: 'generic_rtsp') => words(t, ['skydio_stanag4609', 'generic_rtsp'], absent)
const shownUrl = (t: Builder) => t.String({ description: 'Without passwords' })
const urlParam = (t: Builder) =>
  t.String({
    minLength: 1,
    maxLength: 2048,
    pattern: '^rtsps?://',
    description: 'Address of the stream, `rtsp://` or `rtsps://`',
    rule: 'an rtsp:// or rtsps:// address of at most 2048 characters',
  })

const ExternalStream = (t: Builder) =>
  t.Object({
    url: shownUrl(t),
    type: streamType(t),
    name: t.String(),
    status: words(t, ['DISCOVERED', 'ADDED', 'ERROR']),
    discovered_at: time(t),
    last_seen: time(t),
    capabilities: t.Object(
      {},
      {
        additionalProperties: true,
        description: 'Of an added stream, `path` is its device id for streams, recordings and snapshots',
      },
    ),
  })

const streams = (t: Builder) => t.Array(ExternalStream(t))

export type DiscoverParams = Shape<typeof DiscoverParams>
export const DiscoverParams = (t: Builder) =>
  t.Object({
    skydio_enabled: t.Optional(t.Boolean({ default: true })),
    generic_enabled: t.Optional(t.Boolean({ default: false })),
    force_rescan: t.Optional(t.Boolean({ default: false, description: 'Else a result of the last 30 s is good enough' })),
    include_offline: t.Optional(t.Boolean({ default: false, description: 'Also what was found earlier and is gone' })),
  })

export type DiscoveredStreams = Shape<typeof DiscoveredStreams>
export const DiscoveredStreams = (t: Builder) =>
  t.Object({
    discovered_streams: streams(t),
    skydio_streams: streams(t),
    generic_streams: streams(t),
    scan_timestamp: time(t),
    total_found: t.Integer({ minimum: 0 }),
    discovery_options: t.Object({
      skydio_enabled: t.Boolean(),
      generic_enabled: t.Boolean(),
      force_rescan: t.Boolean(),
      include_offline: t.Boolean(),
    }),
    scan_duration: t.String({ description: '`2.5s`' }),
    errors: t.Array(t.String()),
  })

export const AddStreamParams = (t: Builder) =>
  t.Object({
    stream_url: urlParam(t),
    stream_name: t.String({ minLength: 1, maxLength: 128, description: 'For people; `url` and `name` are accepted as aliases' }),
    stream_type: t.Optional(streamType(t, 'generic_rtsp')),
  })

export type AddedStream = Shape<typeof AddedStream>
export const AddedStream = (t: Builder) =>
  t.Object({
    stream_url: shownUrl(t),
    stream_name: t.String(),
    stream_type: streamType(t),
    status: words(t, ['ADDED', 'ERROR']),
    timestamp: time(t),
  })

export const RemoveStreamParams = (t: Builder) => t.Object({ stream_url: urlParam(t) })

export type RemovedStream = Shape<typeof RemovedStream>
export const RemovedStream = (t: Builder) =>
  t.Object({ stream_url: shownUrl(t), status: words(t, ['REMOVED', 'ERROR']), timestamp: time(t) })

export type ExternalStreamList = Shape<typeof ExternalStreamList>
export const ExternalStreamList = (t: Builder) =>
  t.Object({
    external_streams: streams(t),
    skydio_streams: streams(t),
    generic_streams: streams(t),
    total_count: t.Integer({ minimum: 0 }),
    timestamp: time(t),
  })

export const DiscoveryIntervalParams = (t: Builder) =>
  t.Object({
    scan_interval: t.Integer({ minimum: 0, description: 'Seconds; 0: only on request. Until the next start' }),
  })

export type DiscoveryInterval = Shape<typeof DiscoveryInterval>
export const DiscoveryInterval = (t: Builder) =>
  t.Object({
    scan_interval: t.Integer({ minimum: 0 }),
    status: words(t, ['UPDATED', 'ERROR']),
    message: t.String(),
    timestamp: time(t),
  })
