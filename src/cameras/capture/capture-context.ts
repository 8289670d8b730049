/** What the captures of all cameras share. */

import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { Core, NativeErrorCode } from '../../native/index.js'
import type { Camera } from '../types.js'
import type { OwnerLookup } from './busy-watch.js'
import type { Screen } from './capture-screen.js'
import type { CaptureStateChange } from './capture-types.js'

export interface CaptureContext {
  readonly core: Pick<Core, 'startCapture' | 'stopCapture' | 'captureStats' | 'setRetained' | 'setJpegQuality'>
  readonly clock: Clock
  readonly logger: Logger
  readonly screen: Screen
  readonly lookup: OwnerLookup
  readonly lingerMs: number
  /** A camera that comes back is told. */
  readonly hotplug: boolean
  /** Done before each start, as far as it is done in time. */
  readonly beforeStart?: ((camera: Camera) => Promise<void>) | undefined
  /** Offers the quality to a camera that makes its own JPEGs; whether it took it over. */
  readonly offerQuality: (source: string, quality: number) => Promise<boolean>
  /** Ids of other cameras on the same bus. */
  readonly neighbours: (camera: Camera) => readonly string[]
  /** For the camera's status word. */
  readonly faultChanged: (source: string, code: NativeErrorCode | undefined) => void
  readonly stateChanged: (change: CaptureStateChange) => void
}
