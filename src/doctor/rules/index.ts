/** The one table of rules. Pure: facts in, findings out. */

import type { MachineFacts } from '../facts.js'
import { type CameraRule, type Finding, type MachineRule, type Severity, subjectOf } from '../finding.js'
import { ACCESS_RULES } from './access.js'
import { HISTORY_RULES } from './history.js'
import { MACHINE_RULES } from './machine.js'
import { USB_CAMERA_RULES, USB_MACHINE_RULES } from './usb.js'
import { USE_RULES } from './use.js'

export const CAMERA_RULES: readonly CameraRule[] = [...ACCESS_RULES, ...USE_RULES, ...USB_CAMERA_RULES, ...HISTORY_RULES]
export const ALL_MACHINE_RULES: readonly MachineRule[] = [...MACHINE_RULES, ...USB_MACHINE_RULES]

const ORDER: readonly Severity[] = ['error', 'warning', 'info']

/** All findings, the worst first. */
export function findingsOf(facts: MachineFacts): readonly Finding[] {
  const ofMachine = ALL_MACHINE_RULES.flatMap(({ code, check }) => check(facts).map((finding) => ({ code, ...finding })))
  const ofCameras = facts.cameras.flatMap((camera) =>
    CAMERA_RULES.flatMap(({ code, check }) => {
      const finding = check(camera, facts)
      return finding === undefined ? [] : [{ code, subject: subjectOf(camera), ...finding }]
    }),
  )
  return [...ofMachine, ...ofCameras].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}
