/** The doctor's findings as people read them. Pure. */

import type { CameraFacts, MachineFacts } from './facts.js'
import { type Finding, type Severity, subjectOf } from './finding.js'
import { modeText } from './rules/usb.js'
import { bandwidthNeed } from './usb-bandwidth.js'

const MARKS: Readonly<Record<Severity, string>> = { error: 'ERROR  ', warning: 'WARNING', info: 'info   ' }

export function reportText(facts: MachineFacts, findings: readonly Finding[]): string {
  const ofMachine = findings.filter(({ subject }) => !facts.cameras.some((camera) => subjectOf(camera) === subject))
  const lines = [
    headLine(facts),
    ...facts.cameras.flatMap((camera) => {
      const own = findings.filter(({ subject }) => subject === subjectOf(camera))
      return ['', cameraLine(camera), ...own.flatMap((finding) => findingLines(finding, false))]
    }),
    ...(ofMachine.length === 0 ? [] : ['', 'This machine', ...ofMachine.flatMap((finding) => findingLines(finding, true))]),
    '',
    verdict(findings),
  ]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

function headLine({ cameras, service, account }: MachineFacts): string {
  const running =
    service === undefined
      ? 'no camera service answers on this machine'
      : `a camera service ${service.isLate ? 'answers late' : 'answers'} on ${service.url}`
  return `${cameras.length} camera${cameras.length === 1 ? '' : 's'}; looked at as ${account.user}; ${running}`
}

function cameraLine(camera: CameraFacts): string {
  const { usb, mode } = camera
  const parts = [camera.name, ...(mode === undefined ? [] : [modeText(camera)])]
  if (usb !== undefined) {
    const need = mode === undefined ? undefined : bandwidthNeed(mode, usb)
    const share = need === undefined || need.share === 0 ? '' : `, ${Math.round(need.share * 100)} % of its stream time`
    parts.push(`USB port ${usb.port}, ${usb.speedMbps} Mbit/s${share}`)
  }
  return `${subjectOf(camera)}: ${parts.join('; ')}`
}

function findingLines({ severity, subject, text, remedy }: Finding, withSubject: boolean): string[] {
  const about = withSubject && subject !== undefined ? `${subject}: ` : ''
  return [`  ${MARKS[severity]} ${about}${text}`, ...(remedy === undefined ? [] : [`          → ${remedy}`])]
}

function verdict(findings: readonly Finding[]): string {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  const errors = count('error')
  const warnings = count('warning')
  if (errors === 0 && warnings === 0) return 'All well.'
  return `${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}.`
}
