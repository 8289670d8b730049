/** The two notifications that are older than topics (contract §10.2): other names, other members. Pure. */

import { ServiceError } from '../base/errors.js'
import type { Payload } from './filters.js'
import type { CameraStatus } from './shapes/cameras.js'

/** Member of a payload that holds what only clients with a legacy login are told: it is never sent as such. */
export const FOR_LEGACY = 'for_legacy'

const RECORDING_WORDS: Readonly<Record<string, string>> = {
  'recording.start': 'STARTED',
  'recording.stop': 'STOPPED',
  'recording.error': 'ERROR',
}

/** Params of `topic` when it is told under `name`; undefined when there is nothing to tell. */
export function legacyParams(
  name: string,
  topic: string,
  payload: Payload,
  status: (device: string) => CameraStatus,
): Payload | undefined {
  switch (name) {
    case 'camera_status_update':
      return cameraUpdate(payload, status)
    case 'recording_status_update':
      return {
        device: payload.device,
        status: RECORDING_WORDS[topic],
        filename: payload.filename,
        duration: payload.duration ?? 0,
      }
    default:
      return payload
  }
}

function cameraUpdate(payload: Payload, status: (device: string) => CameraStatus): Payload | undefined {
  if (typeof payload.device !== 'string') return undefined
  try {
    const camera = status(payload.device)
    return {
      device: camera.device,
      status: camera.status,
      name: camera.name,
      resolution: camera.resolution,
      fps: camera.fps,
      streams: camera.streams,
    }
  } catch (thrown) {
    // A camera forgotten between the event and its delivery: what the event itself says has to do.
    if (thrown instanceof ServiceError) return payload
    throw thrown
  }
}
