/** What went wrong before: power, transfers, stalls. */

import type { CameraFacts, LogLine } from '../facts.js'
import type { CameraRule } from '../finding.js'

/** Kinds of trouble in the kernel's log, each with what it usually means. */
const LOG_PATTERNS: readonly {
  readonly pattern: RegExp
  readonly what: string
  readonly remedy: string
  readonly atLeast?: number
}[] = [
  {
    pattern: /over-?current/i,
    what: 'its port was switched off for drawing too much current',
    remedy: 'use a powered hub, or fewer devices on this one',
  },
  {
    pattern: /not enough bandwidth|no bandwidth|cannot set alt interface.*-28|usb_set_interface failed \(-28\)/i,
    what: 'the bus had no bandwidth left for its stream',
    remedy: 'choose MJPG, a smaller size or a lower rate, or plug it into another USB controller',
  },
  {
    pattern:
      /reset (full|high|super)[- ]?speed|device descriptor read|device not accepting address|unable to enumerate|error -71|error -110/i,
    what: 'its USB connection failed and was reset',
    remedy: 'try another cable (short), another port, or a powered hub',
  },
  {
    pattern: /USB disconnect/i,
    // Once may have been a hand.
    atLeast: 3,
    what: 'it left the bus',
    remedy: 'if nobody unplugged it: check cable and power supply',
  },
  {
    pattern: /failed to (query|set|resubmit|submit)|non-zero status|uvcvideo.*-(71|110|32)\b/i,
    what: 'it failed to answer requests',
    remedy: 'plug it in again; if it goes on, leave the controls named in the log alone',
  },
]

const kernelLog: CameraRule = {
  code: 'kernel-log',
  check({ log }) {
    const kinds = troublesIn(log)
    const [first] = kinds
    if (first === undefined) return undefined
    return {
      severity: 'warning',
      text: `since the machine started: ${kinds.map(({ text }) => text).join('; ')}`,
      remedy: first.remedy,
    }
  },
}

const power: CameraRule = {
  code: 'usb-power',
  check(camera) {
    const { usb } = camera
    if (usb === undefined) return undefined
    const { control, runtimeStatus, maxPowerMa = 0, autosuspendMs } = usb.power
    if (runtimeStatus === 'error') {
      return {
        severity: 'error',
        text: `its power management failed (runtime status "error")`,
        remedy: 'unplug the camera and plug it in again',
      }
    }
    if (control === 'auto' && hasHadTrouble(camera)) {
      const after = autosuspendMs === undefined ? '' : ` after ${autosuspendMs} ms without use`
      return {
        severity: 'warning',
        text: `the kernel puts it to sleep${after}, and it has had trouble since`,
        remedy: `try without: echo on | sudo tee /sys/bus/usb/devices/${usb.port}/power/control`,
      }
    }
    if (usb.hub?.isBusPowered === true && maxPowerMa > BUS_POWERED_PORT_MA) {
      return {
        severity: 'warning',
        text: `it asks for up to ${maxPowerMa} mA and hangs on hub ${usb.hub.port}, which has ${BUS_POWERED_PORT_MA} mA for each port since it is powered from the bus`,
        remedy: 'use a hub with a power supply of its own',
      }
    }
    return undefined
  },
}

const counted: CameraRule = {
  code: 'service-counters',
  check({ counters }) {
    if (counters === undefined) return undefined
    const { state, reconnectAttempts, connectionErrors, framesDropped, framesCaptured, lastError } = counters
    const last = lastError === undefined ? '' : `, at last ${lastError}`
    if (state === 'given_up') {
      return {
        severity: 'error',
        text: `the service gave up after ${reconnectAttempts} attempts${last}`,
        remedy: 'cure the cause, then plug the camera in again or call POST /camera/restart',
      }
    }
    if (connectionErrors > 0) {
      return { severity: 'warning', text: `the running service counted ${connectionErrors} failures (state ${state}${last})` }
    }
    if (framesDropped > framesCaptured * BAD_DROP_SHARE && framesDropped > 0) {
      return {
        severity: 'warning',
        text: `the running service lost ${framesDropped} of ${framesCaptured + framesDropped} frames`,
        remedy:
          'look at drops in /status: gaps and damaged frames mean cable, port or bus; a busy encoder means a raw mode that is too large',
      }
    }
    return undefined
  },
}

export const HISTORY_RULES: readonly CameraRule[] = [kernelLog, power, counted]

const BUS_POWERED_PORT_MA = 100
const BAD_DROP_SHARE = 0.01

function troublesIn(log: readonly LogLine[]): readonly { readonly text: string; readonly remedy: string }[] {
  return LOG_PATTERNS.flatMap(({ pattern, what, remedy, atLeast = 1 }) => {
    const lines = log.filter(({ text }) => pattern.test(text))
    return lines.length < atLeast ? [] : [{ remedy, text: `${what} (${times(lines)})` }]
  })
}

function hasHadTrouble({ log, counters }: CameraFacts): boolean {
  return troublesIn(log).length > 0 || (counters?.connectionErrors ?? 0) > 0
}

function times(lines: readonly LogLine[]): string {
  const latest = Math.min(...lines.map(({ ageS }) => ageS))
  return lines.length === 1 ? `${ago(latest)} ago` : `${lines.length} times, last ${ago(latest)} ago`
}

function ago(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
