/** USB: is there room on the bus, and is the camera plugged in where it should be. */

import type { CameraFacts } from '../facts.js'
import { type CameraRule, type MachineRule, subjectOf } from '../finding.js'
import { type BandwidthNeed, bandwidthNeed, isCompressed } from '../usb-bandwidth.js'

const FULL_SPEED_MBPS = 12
const HIGH_SPEED_MBPS = 480

const modeTooLarge: CameraRule = {
  code: 'usb-mode-too-large',
  check(camera) {
    const need = needOf(camera)
    if (need === undefined || need.fits || camera.mode === undefined) return undefined
    return {
      severity: 'error',
      text: `${modeText(camera)} needs about ${megabytes(need.bytesPerS)}, and the camera carries at most ${megabytes(need.mostBytesPerS)} at ${need.speed}`,
      remedy: isCompressed(camera.mode)
        ? 'choose a smaller size or rate in camera.modes'
        : 'choose MJPG, a smaller size or a lower rate in camera.modes',
    }
  },
}

const slowPort: CameraRule = {
  code: 'usb-slow-port',
  check({ usb }) {
    if (usb === undefined) return undefined
    const { speedMbps, usbVersion = 0, port } = usb
    if (speedMbps <= FULL_SPEED_MBPS) {
      const text = `it runs at ${speedMbps} Mbit/s on port ${port}: enough for about 640x480 MJPG at 15 fps`
      return { severity: 'warning', text, remedy: 'plug it into a USB 2 or 3 port without an old hub or a long cable in between' }
    }
    if (usbVersion >= 3 && speedMbps <= HIGH_SPEED_MBPS) {
      const text = `a USB ${usbVersion} camera that runs at ${speedMbps} Mbit/s on port ${port}`
      return { severity: 'warning', text, remedy: 'plug it into a USB 3 (blue) port with a USB 3 cable' }
    }
    return undefined
  },
}

const busFull: MachineRule = {
  code: 'usb-bus-full',
  check({ cameras }) {
    const streams = cameras.flatMap((camera) => {
      const need = needOf(camera)
      return need === undefined || camera.usb === undefined || need.share === 0 ? [] : [{ camera, usb: camera.usb, need }]
    })
    const buses = [...new Set(streams.map(({ usb }) => usb.bus))]
    return buses.flatMap((bus) => {
      const sharing = streams.filter(({ usb }) => usb.bus === bus)
      const total = sharing.reduce((sum, { need }) => sum + need.share, 0)
      if (sharing.length < 2 || total <= 1) return []
      const parts = sharing.map(
        ({ camera, need }) =>
          `${subjectOf(camera)} ${modeText(camera)}: ${need.payload} bytes per packet, ${percent(need.share)}`,
      )
      return [
        {
          severity: 'error' as const,
          subject: `USB bus ${bus}`,
          text: `its cameras together reserve ${percent(total)} of what USB gives to streams, so the last to start is refused: ${parts.join('; ')}`,
          remedy: sharing.some(({ camera }) => camera.mode !== undefined && !isCompressed(camera.mode))
            ? 'choose MJPG for the raw ones (camera.modes), a smaller size or a lower rate, or plug one into another USB controller'
            : 'choose a smaller size or a lower rate (camera.modes), or plug one into another USB controller (lsusb -t shows them)',
        },
      ]
    })
  },
}

export const USB_CAMERA_RULES: readonly CameraRule[] = [modeTooLarge, slowPort]
export const USB_MACHINE_RULES: readonly MachineRule[] = [busFull]

function needOf({ mode, usb }: CameraFacts): BandwidthNeed | undefined {
  return mode === undefined || usb === undefined ? undefined : bandwidthNeed(mode, usb)
}

export function modeText({ mode }: CameraFacts): string {
  if (mode === undefined) return 'no mode'
  const fps = Math.round((mode.interval.den / mode.interval.num) * 100) / 100
  return `${mode.fourcc} ${mode.width}x${mode.height} at ${fps} fps`
}

function megabytes(bytesPerS: number): string {
  return `${(bytesPerS / 1e6).toFixed(1)} MB/s`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
