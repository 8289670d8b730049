/** Who uses the cameras, and whether there is something to see. */

import type { CameraRule } from '../finding.js'

const busy: CameraRule = {
  code: 'busy',
  check({ node, holder }, { seesAllProcesses }) {
    if (holder === undefined) return undefined
    const { pid, name, isService } = holder
    if (isService) return { severity: 'info', text: `${node} is in use by the running camera service (process ${pid})` }
    const text = `${node} is held open by ${name} (process ${pid}); while that program streams, no other can`
    const more = seesAllProcesses ? '' : ' Programs of other users cannot be seen: run the doctor with sudo for those.'
    return { severity: 'error', text: text + more, remedy: `end ${name} (kill ${pid}), or let it use another camera` }
  },
}

const noSignal: CameraRule = {
  code: 'no-signal',
  check({ node, kind, inputStatus }) {
    const missing = inputStatus.filter((status) => status.startsWith('no_'))
    if (missing.includes('no_power')) {
      return { severity: 'error', text: `the input of ${node} has no power`, remedy: 'switch on what is connected to it' }
    }
    if (missing.length === 0 && kind !== 'not-ready') return undefined
    const why = missing.length === 0 ? 'offers no picture format yet' : 'has no signal at its input'
    return {
      severity: 'error',
      text: `${node} ${why}`,
      remedy: 'connect and switch on its source (HDMI, SDI), or start the program that feeds it (loopback)',
    }
  },
}

const unusable: CameraRule = {
  code: 'unusable',
  check({ node, kind, mode }) {
    if (kind === 'pipeline') {
      return {
        severity: 'error',
        text: `${node} is part of a sensor pipeline that must be set up first`,
        remedy: 'use the camera through libcamera, or set its links with media-ctl',
      }
    }
    if (kind === 'readonly-io') {
      return {
        severity: 'error',
        text: `${node} can only be read(), it does not stream`,
        remedy: 'use a camera whose driver streams',
      }
    }
    if (kind === undefined || kind === 'not-ready' || mode !== undefined) return undefined
    return {
      severity: 'error',
      text: `${node} offers no format that the service can use (or not the one configured for it)`,
      remedy: 'look at camera.modes in the configuration; v4l2-ctl --list-formats-ext shows what the camera has',
    }
  },
}

export const USE_RULES: readonly CameraRule[] = [busy, noSignal, unusable]
