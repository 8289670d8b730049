/** One call counted against what its caller and its camera may be asked for. */

import type { CostlyKind, CostlyRates } from './costly-rates.js'
import type { Params } from './message.js'
import type { Toolbox } from './method.js'
import { cameraId } from './methods/cameras.js'
import type { CallerIdentity } from './services.js'

/** Throws RATE_LIMITED. */
export function demandRate(
  costly: CostlyRates,
  rate: CostlyKind,
  identity: CallerIdentity | undefined,
  { device }: Params,
  { services }: Toolbox,
): void {
  costly.demand(rate, identity?.userId ?? '', typeof device === 'string' ? cameraId(services.cameras, device) : undefined)
}
