/** What clients of a legacy login read beyond the documented members (contract §22.2, §22.5, §22.8; C-28). Pure. */

import type { Payload } from './filters.js'
import type { Shape } from './schema.js'
import type { Camera } from './shapes/cameras.js'

/** `device_path` is what they send back as `device`: our id. */
export function legacyCamera({ device, streams }: Pick<Shape<typeof Camera>, 'device' | 'streams'>) {
  return { device_path: device, stream_url: streams.rtsp ?? null }
}

export function legacySnapshot({ device }: { readonly device: string }) {
  return { success: true, device_path: device }
}

export function legacyRecording(recording: { readonly device: string; readonly filename: string }) {
  const { device, filename } = recording
  return { success: true, device_path: device, recording_id: filename, recording: { ...recording, recording_id: filename } }
}

/** One recording has one id for them, so what was told at its start names it here, too. */
export function legacyRecordingStatus(status: { readonly device: string; readonly filename: string } | null) {
  return status === null ? {} : { device_path: status.device, recording_id: status.filename }
}

/** Of the params of a notification. */
export function legacyNotification(
  { device, filename, streams }: Payload,
  formats: (device: string) => readonly string[],
): Payload {
  if (typeof device !== 'string') return {}
  const isCamera = typeof streams === 'object' && streams !== null
  const camera = isCamera ? { stream_url: Reflect.get(streams, 'rtsp') ?? null, capabilities: formats(device) } : {}
  return { device_path: device, ...camera, ...(typeof filename === 'string' && { recording_id: filename }) }
}
