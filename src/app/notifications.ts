/** Which facts of the service become which topics (json-rpc-api §10.1). */

import type { CameraConfigStore } from '../camera-config/index.js'
import type { Camera, CameraRegistry } from '../cameras/index.js'
import type { ConfigurationPort } from '../config/index.js'
import type { MediaService } from '../media/index.js'
import type { Snapshots } from '../snapshots/index.js'

export interface NotificationSources {
  readonly registry: Pick<CameraRegistry, 'events'>
  readonly snapshots: Pick<Snapshots, 'events'>
  readonly media: Pick<MediaService, 'events'> | undefined
  readonly configuration: Pick<ConfigurationPort, 'onRefused'>
  /** Undefined without a camera face. */
  readonly cameraConfig: Pick<CameraConfigStore, 'events'> | undefined
}

/** What is wrong with a file names keys, values and folders: that is for those who read the log. */
const REFUSED = 'was not reloaded, and what was in force stays: the log of the service says why'

/** MediaMTX that comes back brings all of its paths at once. */
const MAX_PATHS_TOLD = 64

type Publish = (topic: string, payload: Readonly<Record<string, unknown>>) => void

/** Subscribes to everything that is told; the function returned ends it. */
export function connectNotifications(sources: NotificationSources, publish: Publish): () => void {
  const { registry, snapshots, media, configuration, cameraConfig } = sources
  const ends = [
    registry.events.on('connected', (camera) => publish('camera.connected', presence(camera))),
    registry.events.on('disconnected', (camera) => publish('camera.disconnected', presence(camera))),
    registry.events.on('statusChanged', ({ camera, oldStatus, newStatus }) =>
      publish('camera.status_change', {
        device: camera.device,
        old_status: oldStatus,
        new_status: newStatus,
        ...(camera.reason === undefined ? {} : { reason: camera.reason }),
      }),
    ),
    registry.events.on('capabilitiesDetected', (camera) =>
      publish('camera.capability_detected', {
        device: camera.device,
        driver: camera.report?.driver ?? '',
        card_name: camera.report?.card ?? '',
        bus_info: camera.report?.busInfo ?? '',
        capabilities: camera.report?.formats.map((format) => format.fourcc) ?? [],
      }),
    ),
    registry.events.on('capabilitiesFailed', ({ camera, error }) =>
      publish('camera.capability_error', { device: camera.device, error }),
    ),
    registry.events.on('controlChanged', (change) => publish('camera.control_changed', { ...change })),
    snapshots.events.on('taken', ({ device, filename, resolution }) =>
      publish('snapshot.taken', { device, filename, resolution }),
    ),
    snapshots.events.on('failed', (failure) => publish('snapshot.error', failure)),
    configuration.onRefused(() => publish('system.error', { error: `the configuration ${REFUSED}` })),
  ]
  if (cameraConfig !== undefined) {
    ends.push(
      cameraConfig.events.on('reloadRefused', () =>
        publish('system.error', { error: `the configuration of the camera face ${REFUSED}` }),
      ),
    )
  }
  if (media !== undefined) {
    ends.push(
      media.events.on('stateChanged', ({ state, detail }) => {
        if (state === 'down') publish('mediamtx.error', { error: detail })
      }),
      media.events.on('pathsChanged', ({ changed }) => {
        for (const payload of pathPayloads(changed)) publish('mediamtx.path', payload)
      }),
      ...(['started', 'stopped'] as const).flatMap((change) =>
        media.events.on(change === 'started' ? 'streamStarted' : 'streamStopped', ({ device, use }) => {
          publish(`mediamtx.stream_${change}`, { device, stream_id: device, stream_type: use })
          publish('mediamtx.stream', { device, stream_id: device, status: change === 'started' ? 'ACTIVE' : 'INACTIVE' })
        }),
      ),
    )
  }
  return () => {
    for (const end of ends) end()
  }
}

/** A path of ours has the name of its camera. When very many change at once, one message without names tells of all. */
function pathPayloads(changed: readonly string[]): readonly Readonly<Record<string, string>>[] {
  return changed.length > MAX_PATHS_TOLD ? [{}] : changed.map((path) => ({ device: path, path }))
}

function presence(camera: Camera): Readonly<Record<string, unknown>> {
  return {
    device: camera.device,
    name: camera.name,
    status: camera.status,
    driver: camera.report?.driver ?? '',
    card_name: camera.report?.card ?? '',
  }
}
