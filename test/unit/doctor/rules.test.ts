import { describe, expect, it } from 'vitest'
import type { CameraFacts, MachineFacts } from '../../../src/doctor/facts.js'
import { ALL_MACHINE_RULES, CAMERA_RULES, findingsOf } from '../../../src/doctor/rules/index.js'
import { camera, FULL_HD_RAW, HD_MJPEG, machine, usb } from './facts.js'

const closed = { owner: 'root', group: { gid: 44, name: 'video' }, mode: 0o660, mayOpen: false }
const fault = (code: 'NO_PERMISSION' | 'TIMEOUT' | 'IO', errno: number) => ({
  code,
  errno,
  call: 'open',
})
const { mode: _mode, kind: _kind, ...silent } = camera()
const one = (changes: Partial<CameraFacts>, machineChanges: Partial<MachineFacts> = {}) =>
  machine({ cameras: [camera(changes)], ...machineChanges })
const line = (text: string, ageS = 30) => ({ ageS, text })

/** What is the case, the facts, the finding: severity and code, what its text and its remedy say. */
type Case = [string, MachineFacts, string, RegExp, RegExp?]

const CASES: Case[] = [
  [
    'a group that the user is not in',
    one({ access: closed }),
    'error no-permission',
    /root:video with mode 0660; ada \(in ada\) may not/,
    /^sudo usermod -aG video ada/,
  ],
  [
    'a group that the user got after logging in',
    one({ access: closed }, { account: { uid: 1000, user: 'ada', groups: [], granted: [{ gid: 44, name: 'video' }] } }),
    'error no-permission',
    /in no group/,
    /log out and in again/,
  ],
  [
    'a node that no group may open',
    one({ access: { ...closed, group: { gid: 0, name: 'root' }, mode: 0o600 } }),
    'error no-permission',
    /root:root with mode 0600/,
    /chgrp video \/dev\/video0.*udev rule/,
  ],
  ['mode 0000', one({ access: { ...closed, mode: 0 } }), 'error no-permission', /mode 0000/, /chmod 660/],
  [
    'a container without the group',
    one({ access: closed }, { container: 'Docker' }),
    'error no-permission',
    /./,
    /--device \/dev\/video0 --group-add 44$/,
  ],
  [
    'a container with a node that no group may open',
    one({ access: { ...closed, mode: 0o600 } }, { container: 'Docker' }),
    'error no-permission',
    /./,
    /^on the host: sudo chgrp video/,
  ],
  [
    'a device policy in a container',
    machine({ container: 'Docker', cameras: [{ ...silent, fault: fault('NO_PERMISSION', 1) }] }),
    'error device-policy',
    /EPERM/,
    /--device \/dev\/video0/,
  ],
  [
    'a device policy of systemd',
    machine({ cameras: [{ ...silent, fault: fault('NO_PERMISSION', 1) }] }),
    'error device-policy',
    /./,
    /DeviceAllow=char-video4linux/,
  ],
  [
    'a node without a driver behind it',
    machine({ staleNodes: ['/dev/video5'] }),
    'warning stale-node',
    /no camera behind it/,
    /sudo rm/,
  ],
  [
    'a camera that hangs',
    machine({ cameras: [{ ...silent, fault: fault('TIMEOUT', 110) }] }),
    'error no-answer',
    /hangs/,
    /plug it in again/,
  ],
  [
    'a camera that fails its first question',
    machine({ cameras: [{ ...silent, fault: fault('IO', 5) }] }),
    'error no-answer',
    /open failed with IO \(errno 5\)/,
  ],
  [
    'another program',
    one({ holder: { pid: 4711, name: 'obs', isService: false } }),
    'error busy',
    /obs \(process 4711\)/,
    /kill 4711/,
  ],
  [
    'another program, where those of other users are hidden',
    one({ holder: { pid: 4711, name: 'obs', isService: false } }, { seesAllProcesses: false }),
    'error busy',
    /run the doctor with sudo/,
  ],
  [
    'the service itself',
    one({ holder: { pid: 9, name: 'node', isService: true } }),
    'info busy',
    /running camera service \(process 9\)/,
  ],
  ['no signal', one({ inputStatus: ['no_signal'] }), 'error no-signal', /no signal at its input/, /HDMI/],
  ['no power', one({ inputStatus: ['no_power', 'no_signal'] }), 'error no-signal', /no power/, /switch on/],
  ['no format yet', machine({ cameras: [{ ...silent, kind: 'not-ready' }] }), 'error no-signal', /offers no picture format yet/],
  ['a sensor pipeline', machine({ cameras: [{ ...silent, kind: 'pipeline' }] }), 'error unusable', /pipeline/, /libcamera/],
  ['read() only', machine({ cameras: [{ ...silent, kind: 'readonly-io' }] }), 'error unusable', /read\(\)/],
  [
    'no mode that can be used',
    machine({ cameras: [{ ...silent, kind: 'camera' }] }),
    'error unusable',
    /no format/,
    /camera\.modes/,
  ],
  [
    'a raw mode that is larger than the camera can carry',
    one({ mode: FULL_HD_RAW }),
    'error usb-mode-too-large',
    /YUYV 1920x1080 at 30 fps needs about 124\.4 MB\/s, and the camera carries at most 24\.5 MB\/s at high speed/,
    /choose MJPG/,
  ],
  [
    'a bulk camera whose mode is larger than the bus',
    one({ mode: FULL_HD_RAW, usb: usb({ payloads: [] }) }),
    'error usb-mode-too-large',
    /at most 40\.0 MB\/s/,
  ],
  [
    'full speed',
    one({
      usb: usb({ speedMbps: 12, payloads: [1_023] }),
      mode: { ...HD_MJPEG, width: 320, height: 240, interval: { num: 1, den: 10 } },
    }),
    'warning usb-slow-port',
    /12 Mbit\/s on port 1-4/,
  ],
  [
    'a USB 3 camera at USB 2',
    one({ usb: usb({ usbVersion: 3.2 }) }),
    'warning usb-slow-port',
    /USB 3\.2 camera/,
    /USB 3 \(blue\)/,
  ],
  [
    'two cameras that reserve more than the bus has',
    machine({
      cameras: [
        camera({ usb: usb({ payloads: [3_072] }) }),
        camera({ device: 'camera1', node: '/dev/video2', usb: usb({ port: '1-2', payloads: [3_072] }) }),
      ],
    }),
    'error usb-bus-full',
    /together reserve 12\d %.*camera0 \(\/dev\/video0\) MJPG 1280x720 at 30 fps: 3072 bytes per packet, 6\d %; camera1/,
    /another USB controller/,
  ],
  [
    'a camera that the kernel had to reset',
    one({
      log: [
        line('usb 1-4: reset high-speed USB device number 7 using xhci_hcd', 300),
        line('usb 1-4: device descriptor read/64, error -71', 60),
      ],
    }),
    'warning kernel-log',
    /failed and was reset \(2 times, last 60 s ago\)/,
    /another cable/,
  ],
  [
    'too much current',
    one({ log: [line('usb 1-4: over-current condition')] }),
    'warning kernel-log',
    /too much current \(30 s ago\)/,
    /powered hub/,
  ],
  [
    'no bandwidth, as the kernel said it',
    one({ log: [line('usb 1-4: Not enough bandwidth for new device state.')] }),
    'warning kernel-log',
    /no bandwidth left/,
    /MJPG/,
  ],
  [
    'a camera that left again and again',
    one({ log: [1, 2, 3].map((age) => line('usb 1-4: USB disconnect, device number 7', age * 3_600)) }),
    'warning kernel-log',
    /left the bus \(3 times, last 60 min ago\)/,
  ],
  [
    'failed requests',
    one({ log: [line('uvcvideo 1-4:1.0: Failed to query (GET_CUR) UVC control 4 on unit 1: -32 (exp. 4).')] }),
    'warning kernel-log',
    /failed to answer/,
  ],
  [
    'autosuspend of a camera with trouble',
    one({
      log: [line('usb 1-4: reset high-speed USB device')],
      usb: usb({ power: { control: 'auto', runtimeStatus: 'active', autosuspendMs: 2_000 } }),
    }),
    'warning usb-power',
    /after 2000 ms without use/,
    /echo on \| sudo tee \/sys\/bus\/usb\/devices\/1-4\/power\/control/,
  ],
  ['power management that failed', one({ usb: usb({ power: { runtimeStatus: 'error' } }) }), 'error usb-power', /runtime status/],
  [
    'a hungry camera on a hub without supply',
    one({ usb: usb({ hub: { port: '1-1', isBusPowered: true } }) }),
    'warning usb-power',
    /500 mA and hangs on hub 1-1/,
  ],
  [
    'a camera that the service gave up',
    one({
      counters: {
        state: 'given_up',
        reconnectAttempts: 10,
        connectionErrors: 10,
        framesCaptured: 0,
        framesDropped: 0,
        lastError: 'stalled',
      },
    }),
    'error service-counters',
    /after 10 attempts, at last stalled/,
    /POST \/camera\/restart/,
  ],
  [
    'failures that the service counted',
    one({ counters: { state: 'streaming', reconnectAttempts: 0, connectionErrors: 3, framesCaptured: 9_000, framesDropped: 0 } }),
    'warning service-counters',
    /3 failures \(state streaming\)/,
  ],
  [
    'lost frames',
    one({ counters: { state: 'streaming', reconnectAttempts: 0, connectionErrors: 0, framesCaptured: 900, framesDropped: 100 } }),
    'warning service-counters',
    /100 of 1000 frames/,
  ],
  [
    'an addon that does not load',
    machine({ cameras: [], coreError: 'the native addon is not built' }),
    'error core',
    /not built/,
    /setup\.sh/,
  ],
  [
    'a USB camera without a driver',
    machine({ cameras: [], uvcModule: 'available', usbVideo: [{ port: '1-4', name: 'HD Webcam' }] }),
    'error driver-missing',
    /HD Webcam is a camera without a driver \(uvcvideo is available\)/,
    /^sudo modprobe uvcvideo$/,
  ],
  [
    'a kernel without that driver',
    machine({ cameras: [], uvcModule: 'missing', usbVideo: [{ port: '1-4', name: 'HD Webcam' }] }),
    'error driver-missing',
    /not installed/,
    /linux-modules-extra/,
  ],
  [
    'a camera that this container does not see',
    machine({ cameras: [], container: 'Podman', missingNodes: ['/dev/video3'] }),
    'error node-missing',
    /its node is not here/,
    /--device \/dev\/video3/,
  ],
  ['a node that udev did not make', machine({ missingNodes: ['/dev/video3'] }), 'error node-missing', /./, /udev/],
  ['a snap', machine({ cameras: [], confinement: 'snap' }), 'error confined', /inside a snap/, /snap connect/],
  ['a flatpak', machine({ cameras: [], confinement: 'flatpak' }), 'error confined', /inside a flatpak/, /flatpak override/],
  [
    'a service that does not answer in time',
    machine({ service: { url: 'http://127.0.0.1:8000', isLate: true } }),
    'warning service-late',
    /8000 did not answer in time/,
    /camera-service status/,
  ],
  ['nothing plugged in', machine({ cameras: [] }), 'error no-cameras', /no camera is plugged in/, /dmesg/],
  [
    'a container without devices',
    machine({ cameras: [], container: 'Docker', hasVideoClass: false }),
    'error no-cameras',
    /container \(Docker\)/,
    /--device/,
  ],
  [
    'a kernel without video',
    machine({ cameras: [], hasVideoClass: false, uvcModule: 'missing' }),
    'error no-cameras',
    /no video drivers/,
  ],
  [
    'a metadata node',
    machine({ otherNodes: [{ node: '/dev/video1', name: 'HD Webcam', companionOf: 'camera0' }] }),
    'info other-node',
    /belongs to camera0/,
  ],
  [
    'a codec',
    machine({ otherNodes: [{ node: '/dev/video10', name: 'bcm2835-codec' }] }),
    'info other-node',
    /bcm2835-codec: no camera/,
  ],
  ['a kernel log that is closed', machine({ kernelLog: 'no permission' }), 'info not-seen', /kernel log/, /sudo/],
]

describe('the rules', () => {
  it('have nothing to say of a healthy machine', () => {
    expect(findingsOf(machine())).toEqual([])
  })

  it.each(CASES)('%s', (_, facts, heading, text, remedy) => {
    const findings = findingsOf(facts)
    expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toContain(heading)
    const found = findings.find(({ severity, code }) => `${severity} ${code}` === heading)
    expect(found?.text).toMatch(text)
    if (remedy !== undefined) expect(found?.remedy).toMatch(remedy)
  })

  it('each have a case here', () => {
    const covered = new Set(CASES.map(([, , heading]) => heading.split(' ')[1]))
    expect([...CAMERA_RULES, ...ALL_MACHINE_RULES].map(({ code }) => code).filter((code) => !covered.has(code))).toEqual([])
  })

  it('give one reason for one trouble', () => {
    const single = CASES.filter(([name]) => !/^autosuspend/.test(name))
    for (const [name, facts, heading] of single) {
      expect([name, ...findingsOf(facts).map(({ severity, code }) => `${severity} ${code}`)]).toEqual([name, heading])
    }
  })

  it('name the camera and put the worst first', () => {
    const facts = machine({
      kernelLog: 'no permission',
      cameras: [camera({ usb: usb({ usbVersion: 3 }) }), camera({ device: 'camera1', node: '/dev/video2', access: closed })],
    })
    expect(findingsOf(facts).map(({ severity, subject }) => [severity, subject])).toEqual([
      ['error', 'camera1 (/dev/video2)'],
      ['warning', 'camera0 (/dev/video0)'],
      ['info', undefined],
    ])
  })

  it.each([
    ['on two buses', { bus: 2, port: '2-1' }],
    ['in bulk', { payloads: [] }],
    ['in small packets', { payloads: [512] }],
  ])('let two cameras be that stream %s', (_, place) => {
    const second = camera({
      device: 'camera1',
      node: '/dev/video2',
      mode: { ...HD_MJPEG, width: 320, height: 240 },
      usb: usb({ payloads: [3_072], ...place }),
    })
    expect(findingsOf(machine({ cameras: [camera({ usb: usb({ payloads: [3_072] }) }), second] }))).toEqual([])
  })
})
