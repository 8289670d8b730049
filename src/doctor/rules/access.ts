/** May the cameras be opened at all. */

import type { CameraFacts, MachineFacts } from '../facts.js'
import type { CameraRule } from '../finding.js'

/** Read and write for the group. */
const GROUP_RW = 0o060

const noPermission: CameraRule = {
  code: 'no-permission',
  check(camera, facts) {
    const { access, fault } = camera
    if (access === undefined || access.mayOpen) return undefined
    // Not the file system but a policy above it: the next rule.
    if (fault?.code === 'NO_PERMISSION' && fault.errno === EPERM) return undefined
    const { account } = facts
    const mode = access.mode.toString(8).padStart(4, '0')
    const text = `${camera.node} belongs to ${access.owner}:${access.group.name} with mode ${mode}; ${account.user} (${groupList(account.groups)}) may not open it`
    return { severity: 'error', text, remedy: accessRemedy(camera, facts, access) }
  },
}

const devicePolicy: CameraRule = {
  code: 'device-policy',
  check({ node, fault }, { container, account }) {
    if (fault?.code !== 'NO_PERMISSION' || fault.errno !== EPERM) return undefined
    return {
      severity: 'error',
      text: `the kernel refuses ${node} to ${account.user} (EPERM) whatever its file mode: a device policy does not allow it`,
      remedy:
        container === undefined
          ? 'if a systemd unit starts the service, give it DeviceAllow=char-video4linux rw'
          : `start the container with --device ${node}`,
    }
  },
}

const noAnswer: CameraRule = {
  code: 'no-answer',
  check({ node, fault, access }) {
    if (fault === undefined || access?.mayOpen === false) return undefined
    if (fault.code === 'TIMEOUT') {
      return {
        severity: 'error',
        text: `${node} does not answer within 2 s: the camera or its driver hangs`,
        remedy: 'unplug the camera and plug it in again; if it comes back, try another cable, port or hub',
      }
    }
    if (fault.code === 'CAMERA_BUSY') {
      return { severity: 'error', text: `${node} can be opened by one program only, and one has it`, remedy: 'end that program' }
    }
    if (fault.code === 'NO_PERMISSION') return undefined
    return {
      severity: 'error',
      text: `${node} cannot be asked what it is: ${fault.call} failed with ${fault.code} (errno ${fault.errno})`,
      remedy: 'unplug the camera and plug it in again; look at the kernel log (sudo dmesg) for its port',
    }
  },
}

export const ACCESS_RULES: readonly CameraRule[] = [noPermission, devicePolicy, noAnswer]

const EPERM = 1

function accessRemedy(
  camera: CameraFacts,
  { account, container }: MachineFacts,
  access: NonNullable<CameraFacts['access']>,
): string {
  const { group, mode } = access
  const isClosed = (mode & GROUP_RW) !== GROUP_RW || group.gid === 0
  if (container !== undefined && !isClosed) return `start the container with --device ${camera.node} --group-add ${group.gid}`
  if (isClosed) {
    return (
      `${container === undefined ? '' : 'on the host: '}sudo chgrp video ${camera.node} && sudo chmod 660 ${camera.node}; to keep it so, a udev rule: ` +
      'SUBSYSTEM=="video4linux", GROUP="video", MODE="0660"'
    )
  }
  if (account.granted.some(({ gid }) => gid === group.gid)) {
    return `${account.user} was added to ${group.name} after this session began: log out and in again, or restart the service`
  }
  return `sudo usermod -aG ${group.name} ${account.user}, then log out and in again (a service: restart it)`
}

function groupList(groups: MachineFacts['account']['groups']): string {
  return groups.length === 0 ? 'in no group' : `in ${groups.map(({ name }) => name).join(', ')}`
}
