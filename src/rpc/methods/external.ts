import type { Params } from '../message.js'
import { defineMethod } from '../method.js'
import { NoParams } from '../shapes/common.js'
import {
  AddedStream,
  AddStreamParams,
  DiscoveredStreams,
  DiscoverParams,
  DiscoveryInterval,
  DiscoveryIntervalParams,
  ExternalStreamList,
  RemovedStream,
  RemoveStreamParams,
} from '../shapes/external.js'

export const discoverExternalStreams = defineMethod({
  name: 'discover_external_streams',
  role: 'operator',
  audited: 'call',
  summary: 'Scans the configured addresses for streams of other machines.',
  params: DiscoverParams,
  result: DiscoveredStreams,
  errors: ['INVALID_STATE', 'UNSUPPORTED'],
  work: 'media',
  rate: 'discovery',
  run: ({ services }, params) =>
    services.external.discover({
      skydio_enabled: params.skydio_enabled ?? true,
      generic_enabled: params.generic_enabled ?? false,
      force_rescan: params.force_rescan ?? false,
      include_offline: params.include_offline ?? false,
    }),
})

export const addExternalStream = defineMethod({
  name: 'add_external_stream',
  role: 'operator',
  audited: 'call',
  summary: 'Makes a stream of another machine a path of MediaMTX, and keeps it over restarts.',
  params: AddStreamParams,
  result: AddedStream,
  errors: ['INVALID_STATE', 'UNSUPPORTED', 'DEPENDENCY_FAILED'],
  work: 'media',
  prepare: (params) => renamed(renamed(params, 'url', 'stream_url'), 'name', 'stream_name'),
  run: ({ services }, { stream_url, stream_name, stream_type }) =>
    services.external.add(stream_url, stream_name, stream_type ?? 'generic_rtsp'),
})

export const removeExternalStream = defineMethod({
  name: 'remove_external_stream',
  role: 'operator',
  audited: 'call',
  summary: 'Removes an external stream and its path.',
  params: RemoveStreamParams,
  result: RemovedStream,
  errors: ['EXTERNAL_STREAM_NOT_FOUND', 'UNSUPPORTED', 'DEPENDENCY_FAILED'],
  work: 'media',
  relieves: true,
  prepare: (params) => renamed(params, 'url', 'stream_url'),
  run: ({ services }, { stream_url }) => services.external.remove(stream_url),
})

export const getExternalStreams = defineMethod({
  name: 'get_external_streams',
  role: 'viewer',
  summary: 'Streams of other machines that were added or found.',
  params: NoParams,
  result: ExternalStreamList,
  errors: [],
  run: ({ services }) => services.external.list(),
})

export const setDiscoveryInterval = defineMethod({
  name: 'set_discovery_interval',
  role: 'admin',
  audited: 'call',
  summary: 'Time between two scans for external streams.',
  params: DiscoveryIntervalParams,
  result: DiscoveryInterval,
  errors: ['UNSUPPORTED'],
  run: ({ services }, { scan_interval }) => services.external.setInterval(scan_interval),
})

/** Under its alias, unless it came under its own name, too. */
function renamed(params: Params, alias: string, name: string): Params {
  if (!(alias in params) || name in params) return params
  const { [alias]: value, ...rest } = params
  return { ...rest, [name]: value }
}
