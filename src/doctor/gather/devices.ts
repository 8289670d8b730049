/** Asks the native core who is there. Nodes are opened for questions only, which disturbs no stream, and closed again. */

import { errorText } from '../../base/errors.js'
import { type DeviceState, loadNative } from '../../native/index.js'
import type { Places } from './places.js'

export interface AskedDevices {
  readonly devices: readonly DeviceState[]
  /** Why there are none. */
  readonly error?: string
}

/** A camera is asked again for 3.2 s before its failure is told. */
const SETTLE_MS = 6_000
const SHUTDOWN_MS = 1_000
const NOBODY = 'nobody'

/** Answers when every camera has said what it is, or failed to, or after 6 s. Never rejects. */
export async function askDevices({ dev, sys }: Places, load: typeof loadNative = loadNative): Promise<AskedDevices> {
  let changed: () => void = () => undefined
  try {
    const core = load().open(
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
      // The question waits behind the first scan, so its refusal says that the scan is through.
      await core.probe(NOBODY).catch(() => undefined)
      await settled(
        () => core.devices().every(({ report, fault }) => report !== undefined || fault !== undefined),
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

function settled(isSettled: () => boolean, onChange: (listener: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(resolve, SETTLE_MS)
    const look = (): void => {
      if (!isSettled()) return
      clearTimeout(deadline)
      resolve()
    }
    onChange(look)
    look()
  })
}
