/** From the state of a camera to words: what is so, and what to do about it. Pure. */

import type { CameraState, Status } from './wire.js'

export type Tone = 'good' | 'warn' | 'bad' | 'idle'

export interface Word {
  readonly tone: Tone
  readonly word: string
}

/** The three states that `is_running` and `is_connected` tell apart. */
export function cameraWord({ isRunning, isConnected }: CameraState): Word {
  if (isRunning && isConnected) return { tone: 'good', word: 'Online' }
  return isRunning ? { tone: 'warn', word: 'No signal' } : { tone: 'bad', word: 'Offline' }
}

export function connectionWord({ isRunning, isConnected, reconnectAttempts }: CameraState): Word {
  if (isRunning && isConnected) return { tone: 'good', word: 'Connected' }
  if (!isRunning) return { tone: 'bad', word: 'Not connected' }
  return { tone: 'warn', word: reconnectAttempts > 0 ? `Reconnecting, attempt ${reconnectAttempts + 1}` : 'Connecting' }
}

export interface Advice {
  readonly title: string
  readonly text: string
  /** To be typed on the machine of the cameras. */
  readonly command?: string
  /** What the service said. */
  readonly detail?: string
  readonly canRestart: boolean
}

const PLUG_IN = 'Plug the camera in, or plug it in again at another USB port. It shows here by itself, without a reload.'

const BY_CODE: Readonly<Record<string, Omit<Advice, 'detail' | 'canRestart'>>> = {
  CAMERA_GONE: { title: 'No camera', text: PLUG_IN },
  NO_PERMISSION: {
    title: 'Permission denied',
    text: 'The service may not open the camera. Add its user to the group that owns the device, usually video, then restart the service.',
    command: 'sudo usermod -aG video SERVICE_USER',
  },
  CAMERA_BUSY: {
    title: 'Camera in use',
    text: 'Another program holds the camera. Close that program; the picture comes back by itself.',
  },
  NO_BANDWIDTH: {
    title: 'USB bus is full',
    text: 'Plug the camera into another USB controller, or choose a smaller size or a lower rate under Settings.',
  },
  STALLED: {
    title: 'Camera stopped sending',
    text: 'It is being started anew. If that does not help, unplug it for a moment, and check cable and hub.',
  },
  UNSUPPORTED_FORMAT: {
    title: 'Unsupported format',
    text: 'The camera does not deliver what was asked for. Choose another size or rate under Settings.',
  },
}

/** Undefined while the picture comes, or is about to. */
export function adviceOf(status: Status): Advice | undefined {
  if (status.isConnected) return undefined
  const known = BY_CODE[status.fault?.code === 'TIMEOUT' ? 'STALLED' : (status.fault?.code ?? '')]
  const detail = status.fault?.message ? { detail: status.fault.message } : {}
  if (status.state === 'disabled') {
    return {
      title: 'Camera switched off',
      text: 'It is disabled in the configuration. Set "enabled" to true for it in config.json.',
      canRestart: false,
    }
  }
  if (status.state === 'given_up') {
    return {
      title: known === undefined ? 'Given up' : `Given up: ${lower(known.title)}`,
      text: `No more attempts are made. ${known?.text ?? 'Check the camera and its cable.'} Then restart the camera.`,
      ...(known?.command === undefined ? {} : { command: known.command }),
      ...detail,
      canRestart: true,
    }
  }
  if (known !== undefined) return { ...known, ...detail, canRestart: false }
  if (status.fault !== undefined) {
    return { title: 'Camera failed', text: 'It is tried again and again.', ...detail, canRestart: true }
  }
  if (status.state === 'stalled') return { ...stalled(), canRestart: false }
  return status.isKnown ? undefined : { title: 'No camera', text: PLUG_IN, canRestart: false }
}

function stalled(): Omit<Advice, 'canRestart'> {
  return BY_CODE.STALLED ?? { title: 'Camera stopped sending', text: '' }
}

function lower(title: string): string {
  return title.startsWith('USB') ? title : title.charAt(0).toLowerCase() + title.slice(1)
}
