/** From the state of a camera to words: what is so, and what to do about it. Pure. */

import type { CameraState, Status } from './wire.js'

export type Tone = 'good' | 'warn' | 'bad' | 'idle'

export interface Word {
  readonly tone: Tone
  readonly word: string
}

/** The three states that `is_running` and `is_connected` tell apart, and a camera that nobody wants pictures of. */
export function cameraWord(camera: CameraState): Word {
  const { isRunning, isConnected } = camera
  if (isRunning && isConnected) return { tone: 'good', word: 'Online' }
  if (isIdle(camera)) return { tone: 'idle', word: 'Standby' }
  return isRunning ? { tone: 'warn', word: 'No signal' } : { tone: 'bad', word: 'Offline' }
}

export function connectionWord(camera: CameraState): Word {
  const { isRunning, isConnected, reconnectAttempts } = camera
  if (isRunning && isConnected) return { tone: 'good', word: 'Connected' }
  if (!isRunning) return { tone: 'bad', word: 'Not connected' }
  if (isIdle(camera)) return { tone: 'idle', word: 'Opened on demand' }
  return { tone: 'warn', word: reconnectAttempts > 0 ? `Reconnecting, attempt ${reconnectAttempts + 1}` : 'Connecting' }
}

/** Captures only while somebody watches, and nobody does. */
function isIdle({ state, fault, viewers, reconnectAttempts }: CameraState): boolean {
  return state === 'waiting' && fault === undefined && viewers === 0 && reconnectAttempts === 0
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

interface Trouble {
  readonly title: string
  readonly cause: string
  readonly cure: string
  readonly command?: string
}

const BY_ITSELF = 'The picture comes back by itself.'
const NO_CAMERA: Trouble = {
  title: 'No camera',
  cause: 'Nothing is plugged in.',
  cure: 'Plug the camera in, or plug it in again at another USB port.',
}
const STALLED: Trouble = {
  title: 'Camera stopped sending',
  cause: 'It is plugged in and sends no frames.',
  cure: 'Unplug it for a moment; check its cable and hub.',
}
const FAILED: Trouble = { title: 'Camera failed', cause: '', cure: 'Check the camera and its cable.' }

const BY_CODE: Readonly<Record<string, Trouble>> = {
  CAMERA_GONE: NO_CAMERA,
  NO_PERMISSION: {
    title: 'Permission denied',
    cause: 'The service may not open the camera.',
    cure: 'Add its user to the group that owns the device, usually video, and restart the service.',
    command: 'sudo usermod -aG video SERVICE_USER',
  },
  CAMERA_BUSY: { title: 'Camera in use', cause: 'Another program holds the camera.', cure: 'Close that program.' },
  NO_BANDWIDTH: {
    title: 'USB bus is full',
    cause: 'The bus has no room for this picture.',
    cure: 'Plug the camera into another USB controller, or choose a smaller size or a lower rate under Settings.',
  },
  NO_SIGNAL: {
    title: 'No signal',
    cause: 'Nothing comes in at the input of the camera.',
    cure: 'Switch on what is connected to it, and check its cable.',
  },
  STALLED,
  TIMEOUT: STALLED,
  UNSUPPORTED_FORMAT: {
    title: 'Unsupported format',
    cause: 'The camera does not deliver what was asked for.',
    cure: 'Choose another size or rate under Settings.',
  },
}

/** Undefined while the picture comes, or is about to. */
export function adviceOf(status: Status): Advice | undefined {
  const { isConnected, state, fault, isKnown } = status
  if (isConnected) return undefined
  if (state === 'disabled') {
    return {
      title: 'Camera switched off',
      text: 'The configuration disables it. Set "enabled" to true for it in config.json.',
      canRestart: false,
    }
  }
  const trouble = troubleOf(status)
  const detail = fault?.message ? { detail: fault.message } : {}
  if (state === 'given_up') {
    const { title, cause, cure, command } = trouble ?? FAILED
    const text = sentences('No more attempts are made.', cause, cure, 'Then restart the camera.')
    return { title: `Given up: ${lowered(title)}`, text, ...(command ? { command } : {}), ...detail, canRestart: true }
  }
  if (trouble === undefined)
    return isKnown ? undefined : { title: NO_CAMERA.title, text: waitingText(NO_CAMERA), canRestart: false }
  const { title, command } = trouble
  return { title, text: waitingText(trouble), ...(command ? { command } : {}), ...detail, canRestart: trouble === FAILED }
}

function troubleOf({ fault, state }: Status): Trouble | undefined {
  if (fault !== undefined) return BY_CODE[fault.code] ?? FAILED
  return state === 'stalled' ? STALLED : undefined
}

function waitingText({ cause, cure }: Trouble): string {
  return sentences(cause, cure, BY_ITSELF)
}

function sentences(...all: readonly string[]): string {
  return all.filter((sentence) => sentence !== '').join(' ')
}

function lowered(title: string): string {
  return title.startsWith('USB') ? title : title.charAt(0).toLowerCase() + title.slice(1)
}
