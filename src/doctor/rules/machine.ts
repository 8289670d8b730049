/** The machine itself: why there may be no camera at all. */

import type { MachineFacts } from '../facts.js'
import type { MachineRule } from '../finding.js'

const core: MachineRule = {
  code: 'core',
  check({ coreError }) {
    if (coreError === undefined) return []
    return [
      {
        severity: 'error',
        text: `the cameras cannot be asked: ${coreError}`,
        remedy: 'run scripts/setup.sh in the project folder',
      },
    ]
  },
}

const unboundCamera: MachineRule = {
  code: 'driver-missing',
  check({ usbVideo, uvcModule }) {
    return usbVideo
      .filter(({ driver }) => driver === undefined)
      .map(({ port, name }) => ({
        severity: 'error' as const,
        subject: `USB ${port}`,
        text: `${name} is a camera without a driver (uvcvideo is ${uvcModule === 'missing' ? 'not installed' : `${uvcModule}`})`,
        remedy:
          uvcModule === 'missing'
            ? 'install the modules of the running kernel (linux-modules-extra on Ubuntu; a kernel with CONFIG_USB_VIDEO_CLASS)'
            : 'sudo modprobe uvcvideo',
      }))
  },
}

const missingNodes: MachineRule = {
  code: 'node-missing',
  check({ missingNodes: nodes, container }) {
    return nodes.map((node) => ({
      severity: 'error' as const,
      subject: node,
      text: 'the kernel has this camera, and its node is not here',
      remedy:
        container === undefined
          ? 'is udev running? without it: see `cat /sys/class/video4linux/*/dev` and mknod'
          : `start the container with --device ${node}, or with the whole /dev for cameras that come later`,
    }))
  },
}

const staleNodes: MachineRule = {
  code: 'stale-node',
  check({ staleNodes: nodes, container }) {
    return nodes.map((node) => ({
      severity: 'warning' as const,
      subject: node,
      text: 'the node exists, but the kernel has no camera behind it',
      remedy:
        container === undefined
          ? `remove it (sudo rm ${node}) and plug the camera in again`
          : 'restart the container: its device nodes are old',
    }))
  },
}

const confined: MachineRule = {
  code: 'confined',
  check({ confinement, cameras }) {
    if (confinement === undefined || cameras.some(({ fault }) => fault === undefined)) return []
    const remedy =
      confinement === 'snap'
        ? 'sudo snap connect camera-service:camera'
        : 'flatpak override --user --device=all, then start it again'
    return [{ severity: 'error', text: `the service runs inside a ${confinement}, which hides devices unless allowed`, remedy }]
  },
}

const noCameras: MachineRule = {
  code: 'no-cameras',
  check(facts) {
    const { cameras, coreError, container, hasVideoClass, uvcModule } = facts
    if (cameras.length > 0 || coreError !== undefined || isExplained(facts)) return []
    if (container !== undefined) {
      return [
        {
          severity: 'error',
          text: `no camera is visible inside this container (${container})`,
          remedy:
            'start it with --device /dev/video0 (one for each camera) and --group-add with the number of the group video of the host',
        },
      ]
    }
    if (!hasVideoClass && uvcModule === 'missing') {
      return [
        {
          severity: 'error',
          text: 'this kernel has no video drivers',
          remedy:
            'install the modules of the running kernel (linux-modules-extra on Ubuntu; a kernel with CONFIG_USB_VIDEO_CLASS)',
        },
      ]
    }
    return [
      {
        severity: 'error',
        text: 'no camera is plugged in: the kernel knows none',
        remedy: 'plug one in and look at the kernel log (sudo dmesg --follow); nothing there means cable, port or power',
      },
    ]
  },
}

const otherNodes: MachineRule = {
  code: 'other-node',
  check({ otherNodes: nodes }) {
    return nodes.map(({ node, name, companionOf }) => ({
      severity: 'info' as const,
      subject: node,
      text:
        companionOf === undefined
          ? `${name}: no camera (codec, output or radio)`
          : `belongs to ${companionOf} (metadata or a further stream), no camera of its own`,
    }))
  },
}

const lateService: MachineRule = {
  code: 'service-late',
  check({ service }) {
    if (service?.isLate !== true) return []
    return [
      {
        severity: 'warning',
        text: `what listens on ${service.url} did not answer in time: a camera that it has open may be told as busy below`,
        remedy: 'camera-service status tells what keeps it; ask again when the machine has less to do',
      },
    ]
  },
}

const blindSpots: MachineRule = {
  code: 'not-seen',
  check({ kernelLog, cameras }) {
    if (kernelLog !== 'no permission' || cameras.length === 0) return []
    return [
      {
        severity: 'info',
        text: 'the kernel log may not be read, so earlier failures of power and USB are not known',
        remedy: 'run the doctor with sudo',
      },
    ]
  },
}

export const MACHINE_RULES: readonly MachineRule[] = [
  core,
  unboundCamera,
  missingNodes,
  staleNodes,
  confined,
  noCameras,
  otherNodes,
  lateService,
  blindSpots,
]

/** Another rule says why there is none. */
function isExplained(facts: MachineFacts): boolean {
  return [unboundCamera, missingNodes, confined].some((rule) => rule.check(facts).length > 0)
}
