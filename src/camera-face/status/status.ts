/** What is told of cameras (usb-camera-server §4.3, §4.11). Pure: from the ports' facts to documents. */

import type { FaultCount } from '../../base/fault-counts.js'
import type { FaultTable } from '../faults.js'
import type { ActualMode, CameraName, CaptureFault, CaptureFigures, CaptureStatus, ViewerFigures } from '../ports.js'
import { localIso } from './local-time.js'

export interface CameraFacts {
  readonly name: CameraName
  readonly status: CaptureStatus
  readonly figures: CaptureFigures
  readonly settings: { readonly config: Readonly<Record<string, unknown>>; readonly jpegQualityApplied: boolean }
  readonly viewers: number
  /** Each of them, when they were asked for. */
  readonly viewerList?: readonly ViewerFigures[] | undefined
}

export type BriefFacts = Pick<CameraFacts, 'name' | 'status' | 'figures' | 'viewers'>

/** The document of `/status` without the other cameras. */
export function statusDocument(facts: CameraFacts): Record<string, unknown> {
  const { name, status, figures, settings } = facts
  return {
    is_running: status.isRunning,
    is_connected: status.isConnected,
    queue_size: figures.queueSize,
    reconnect_attempts: status.reconnectAttempts,
    stats: {
      frames_captured: figures.framesCaptured,
      frames_dropped: dropped(figures),
      connection_errors: figures.connectionErrors,
      stream_restarts: figures.streamRestarts,
      last_reconnect: status.lastReconnectMs === undefined ? null : localIso(status.lastReconnectMs),
      uptime_start: figures.startedMs / 1000,
      uptime: figures.uptimeMs / 1000,
      last_frame_age: figures.lastFrameAgeMs === undefined ? null : figures.lastFrameAgeMs / 1000,
    },
    config: settings.config,
    jpeg_quality_applied: settings.jpegQualityApplied,
    id: name.id,
    name: name.name,
    state: status.state,
    identity: name.identity,
    actual: actualDocument(figures.actual),
    viewers: {
      count: facts.viewers,
      ...(facts.viewerList === undefined ? {} : { list: facts.viewerList.map(viewerDocument) }),
    },
    drops: figures.drops,
    causes: figures.causes,
    last_error: faultDocument(status.lastError),
    faults: countsDocument(figures.faults),
  }
}

/** `server` of `/status`: what went wrong around the cameras. */
export function serverDocument(faults: FaultTable): Record<string, unknown> {
  const kinds = Object.entries(faults).map(([kind, counts]) => [kind, countsDocument(counts)])
  return { faults: Object.fromEntries(kinds) }
}

/** The short form beside the default camera. */
export function shortDocument({ name, status, figures, viewers }: BriefFacts): Record<string, unknown> {
  return {
    is_running: status.isRunning,
    is_connected: status.isConnected,
    state: status.state,
    name: name.name,
    reconnect_attempts: status.reconnectAttempts,
    stats: { frames_captured: figures.framesCaptured, frames_dropped: dropped(figures) },
    actual: actualDocument(figures.actual),
    viewers: { count: viewers },
    last_error: faultDocument(status.lastError),
  }
}

/** An element of `GET /cameras`. */
export function listDocument({ name, status, figures, viewers }: BriefFacts): Record<string, unknown> {
  return {
    id: name.id,
    name: name.name,
    state: status.state,
    identity: name.identity,
    actual: actualDocument(figures.actual),
    viewers,
  }
}

/** What an event stream says of a camera. */
export function stateDocument({ name, status }: Pick<CameraFacts, 'name' | 'status'>): Record<string, unknown> {
  return {
    camera: name.id,
    name: name.name,
    state: status.state,
    is_running: status.isRunning,
    is_connected: status.isConnected,
    reconnect_attempts: status.reconnectAttempts,
    last_error: faultDocument(status.lastError),
  }
}

export function dropped({ drops }: Pick<CaptureFigures, 'drops'>): number {
  return drops.driver_gap + drops.error_flag + drops.invalid_jpeg + drops.encoder_busy
}

/** Whether a camera that should deliver did not do so within `maxAgeMs`. */
export function isOverdue({ status, figures }: Pick<CameraFacts, 'status' | 'figures'>, maxAgeMs: number): boolean {
  if (status.state === 'disabled' || status.isIdle) return false
  return figures.lastFrameAgeMs === undefined || figures.lastFrameAgeMs > maxAgeMs
}

function actualDocument(actual: ActualMode | undefined): Record<string, unknown> | null {
  if (actual === undefined) return null
  return {
    width: actual.width,
    height: actual.height,
    fps_nominal: actual.fpsNominal,
    fps_measured: actual.fpsMeasured,
    pixel_format: actual.pixelFormat,
    bytes_per_second: actual.bytesPerSecond,
  }
}

function faultDocument(fault: CaptureFault | undefined): Record<string, unknown> | null {
  if (fault === undefined) return null
  return { code: fault.code, message: fault.message, errno: fault.errno, at: localIso(fault.at) }
}

/** Code to how often, and to what was said and when it was last. */
function countsDocument(counts: readonly FaultCount[]): Record<string, unknown> {
  return Object.fromEntries(counts.map(({ code, count, reason, atMs }) => [code, { count, reason, at: localIso(atMs) }]))
}

function viewerDocument(viewer: ViewerFigures): Record<string, unknown> {
  const { sinceMs, ...rest } = viewer
  return { ...rest, since: sinceMs / 1000 }
}
