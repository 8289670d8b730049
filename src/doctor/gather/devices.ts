/** Asks the native core who is there. Nodes are opened for questions only, which disturbs no stream, and closed again. */

import { errorText } from '../../base/errors.js'
import { type DeviceState, loadNative } from '../../native/index.js'
import type { Places } from './places.js'

export interface AskedDevices {
  readonly devices: readonly DeviceState[]
  /** Why there are none. */
  readonly error?: string
}

/** A node that cannot be opened is tried again for 1.8 s before it is told; what is no camera is never told. */
const QUIET_MS = 2_500
/** A camera that hangs is told after the deadline of its probe. */
const SETTLE_MS = 6_000
const SHUTDOWN_MS = 1_000

/**
 * Asks what is behind `nodes`. Answers when each is told or known to belong to one that is, or after the time in which all of them
 * would have been; 6 s at most. Never rejects.
 */
export async function askDevices(nodes: readonly string[], { dev, sys }: Places): Promise<AskedDevices> {
  let changed: () => void = () => undefined
  try {
    const core = loadNative().open(
      {
        devDir: dev,
        sysfsDir: sys,
        deviceRange: [0, 255],
        discovery: 'poll',
        rescanMs: 3_600_000,
        uevents: false,
        virtualCameras: { count: 0, width: 64, height: 64, fps: 1 },
        encoderThreads: 1,
        jpegQuality: 80,
      },
      () => changed(),
    )
    try {
      await settled(
        () => progressOf(nodes, core.devices()),
        (listener) => {
          changed = listener
        },
      )
      return { devices: core.devices() }
    } finally {
      await core.shutdown(SHUTDOWN_MS)
      core.detach()
    }
  } catch (thrown) {
    return { devices: [], error: errorText(thrown) }
  }
}

type Progress = 'all told' | 'some untold' | 'asking'

function progressOf(nodes: readonly string[], devices: readonly DeviceState[]): Progress {
  if (devices.some(({ report, fault }) => report === undefined && fault === undefined)) return 'asking'
  const known = new Set(devices.flatMap(({ node, report }) => [node, ...(report?.companions ?? [])]))
  return nodes.every((node) => known.has(node)) ? 'all told' : 'some untold'
}

function settled(progress: () => Progress, onChange: (listener: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    let isQuiet = false
    const finish = (): void => {
      for (const timer of timers) clearTimeout(timer)
      resolve()
    }
    const look = (): void => {
      const now = progress()
      if (now === 'all told' || (now === 'some untold' && isQuiet)) finish()
    }
    const timers = [
      setTimeout(() => {
        isQuiet = true
        look()
      }, QUIET_MS),
      setTimeout(finish, SETTLE_MS),
    ]
    onChange(look)
    look()
  })
}
