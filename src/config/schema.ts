/**
 * The one table of configuration. Environment names, YAML keys, checks, defaults, docs/config.md and config/sample.yaml
 * are all derived from it.
 */

import { type Key, type Section, stateFolder, type Table, type ValuesOf } from './keys.js'
import { camera_server } from './sections/camera-server.js'
import { camera, identity } from './sections/cameras.js'
import { downloads } from './sections/downloads.js'
import { external_discovery } from './sections/external.js'
import { http_health } from './sections/http-health.js'
import { ffmpeg, mediamtx, recording, retention_policy, snapshots, workers } from './sections/media.js'
import { audit, logging, storage } from './sections/operation.js'
import { api_key_management, compatibility, security } from './sections/security.js'
import { faces, notifications, performance, server } from './sections/server.js'

export const SCHEMA = {
  state_dir: stateFolder({
    reload: 'restart',
    doc: 'Folder of what the service keeps: secret, ids, snapshots, recordings. Without it $STATE_DIRECTORY, else ./data.',
  }),
  server,
  http_health,
  downloads,
  security,
  api_key_management,
  faces,
  camera,
  identity,
  camera_server,
  mediamtx,
  external_discovery,
  ffmpeg,
  recording,
  retention_policy,
  snapshots,
  workers,
  storage,
  notifications,
  performance,
  logging,
  audit,
  compatibility,
} satisfies Table

/** The whole configuration, frozen. Durations in milliseconds, sizes in bytes, paths absolute. */
export type Config = ValuesOf<typeof SCHEMA>

export interface KeyEntry {
  /** `server.port` */
  readonly path: string
  /** `CAMERA_SERVICE_SERVER_PORT` */
  readonly env: string
  // biome-ignore lint/suspicious/noExplicitAny: entries of all value types
  readonly key: Key<any>
}

/** Every key of the table with its path and environment name, in the order of the table. */
export const KEYS: readonly KeyEntry[] = flatten(SCHEMA, [])

export const KEYS_BY_PATH: ReadonlyMap<string, KeyEntry> = new Map(KEYS.map((entry) => [entry.path, entry]))

export function envName(path: string): string {
  return `CAMERA_SERVICE_${path.toUpperCase().replaceAll('.', '_')}`
}

export function isSection(item: Table[string]): item is Section<Table> {
  return 'section' in item
}

function flatten(table: Table, above: readonly string[]): KeyEntry[] {
  return Object.entries(table).flatMap(([name, item]) => {
    const path = [...above, name]
    if (isSection(item)) return flatten(item.keys, path)
    const dotted = path.join('.')
    return [{ path: dotted, env: envName(dotted), key: item }]
  })
}
