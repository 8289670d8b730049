/** What a rule says: how bad, what is seen, what to do. */

import type { CameraFacts, MachineFacts } from './facts.js'

export type Severity = 'error' | 'warning' | 'info'

export interface Finding {
  /** Name of the rule: a stable word for scripts. */
  readonly code: string
  readonly severity: Severity
  /** The camera or node it is about; absent for the machine. */
  readonly subject?: string
  readonly text: string
  readonly remedy?: string
}

export interface MachineRule {
  readonly code: string
  check(facts: MachineFacts): readonly Omit<Finding, 'code'>[]
}

export interface CameraRule {
  readonly code: string
  check(camera: CameraFacts, facts: MachineFacts): Omit<Finding, 'code' | 'subject'> | undefined
}

/** How a camera is called in a text. */
export function subjectOf({ device, node }: CameraFacts): string {
  return device === undefined ? node : `${device} (${node})`
}
