/** The doctor: explains why a camera does not work, and what to change. Opens cameras for questions only. */

import type { MachineFacts } from './facts.js'
import { type Finding, subjectOf } from './finding.js'
import { type GatherOptions, gatherFacts } from './gather/index.js'
import { reportText } from './report.js'
import { findingsOf } from './rules/index.js'

export type { MachineFacts } from './facts.js'
export type { Finding, Severity } from './finding.js'
export type { GatherOptions } from './gather/index.js'

export interface Diagnosis {
  readonly facts: MachineFacts
  /** The worst first. */
  readonly findings: readonly Finding[]
  /** For people; ends with a newline. */
  readonly text: string
}

/** Looks at all cameras, and tells of one when `only` names it: `camera0`, `/dev/video0`. Throws when there is none of that name. */
export async function diagnose(options: GatherOptions, only?: string): Promise<Diagnosis> {
  const facts = await gatherFacts(options)
  const findings = findingsOf(facts)
  if (only === undefined) return { facts, findings, text: reportText(facts, findings) }
  const chosen = facts.cameras.filter(({ device, node }) => device === only || node === only)
  const other = facts.otherNodes.filter(({ node }) => node === only)
  const missing = facts.missingNodes.filter((node) => node === only)
  const stale = facts.staleNodes.filter((node) => node === only)
  if (chosen.length + other.length + missing.length + stale.length === 0)
    throw new Error(`there is no camera ${only}${knownNames(facts)}`)
  const shown = { ...facts, cameras: chosen, otherNodes: other, missingNodes: missing, staleNodes: stale }
  // Of the machine only what concerns the bus of this camera or the doctor's own sight.
  const subjects = [...chosen.map(subjectOf), ...chosen.map(({ usb }) => `USB bus ${usb?.bus}`), only]
  const own = findings.filter(({ subject }) => subject === undefined || subjects.includes(subject))
  return { facts: shown, findings: own, text: reportText(shown, own) }
}

function knownNames({ cameras }: MachineFacts): string {
  return cameras.length === 0 ? '; none is plugged in' : `; there are ${cameras.map(subjectOf).join(', ')}`
}
