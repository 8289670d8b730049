import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Directory } from '../../../src/doctor/gather/account.js'
import { deviceNumber, staleNodes, videoNodes } from '../../../src/doctor/gather/nodes.js'
import type { Places } from '../../../src/doctor/gather/places.js'
import { askService, servedCamera } from '../../../src/doctor/gather/running-service.js'
import { confinementOf, containerName, uvcModule } from '../../../src/doctor/gather/surroundings.js'
import { usbPlace, usbVideoDevices } from '../../../src/doctor/gather/usb.js'

let root: string
let places: Places
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'doctor-'))
  places = { root, dev: join(root, 'dev'), sys: join(root, 'sys'), proc: join(root, 'proc'), etc: join(root, 'etc') }
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(file: string, text: string | Uint8Array = ''): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

const DEVICE = 'sys/devices/pci0000:00/usb1/1-1/1-1.2'

/** A camera behind a hub, as the kernel shows it. */
function plugCamera(): string {
  const facts = { busnum: '1\n', speed: '480\n', version: ' 2.00\n', bMaxPower: '500mA\n', product: 'HD Webcam\n' }
  for (const [name, text] of Object.entries(facts)) write(`${DEVICE}/${name}`, text)
  write(`${DEVICE}/power/control`, 'auto\n')
  write(`${DEVICE}/power/runtime_status`, 'suspended\n')
  write(`${DEVICE}/power/autosuspend_delay_ms`, '2000\n')
  write(`${DEVICE}/descriptors`, Uint8Array.from([9, 4, 1, 1, 1, 0x0e, 2, 0, 0, 7, 5, 0x81, 5, 0, 4, 1]))
  write('sys/devices/pci0000:00/usb1/1-1/bmAttributes', 'a0\n')
  const face = `${DEVICE}/1-1.2:1.0`
  write(`${face}/bInterfaceNumber`, '00\n')
  write(`${face}/bInterfaceClass`, '0e\n')
  write(`${face}/bInterfaceSubClass`, '01\n')
  mkdirSync(join(root, 'sys/bus/usb/devices'), { recursive: true })
  symlinkSync(join(root, DEVICE), join(root, 'sys/bus/usb/devices/1-1.2'))
  symlinkSync(join(root, face), join(root, 'sys/bus/usb/devices/1-1.2:1.0'))
  return join(root, face)
}

describe('USB', () => {
  it('tells port, speed, packets, power and the hub in between', async () => {
    expect(await usbPlace(plugCamera())).toEqual({
      port: '1-1.2',
      bus: 1,
      speedMbps: 480,
      usbVersion: 2,
      payloads: [1_024],
      power: { control: 'auto', runtimeStatus: 'suspended', autosuspendMs: 2_000, maxPowerMa: 500 },
      hub: { port: '1-1', isBusPowered: true },
    })
  })

  it('knows a hub with a supply of its own', async () => {
    const face = plugCamera()
    write('sys/devices/pci0000:00/usb1/1-1/bmAttributes', 'e0\n')
    expect((await usbPlace(face))?.hub).toEqual({ port: '1-1', isBusPowered: false })
  })

  it('says nothing of a device on another bus', async () => {
    write('sys/devices/platform/vivid.0/uevent')
    expect(await usbPlace(join(root, 'sys/devices/platform/vivid.0'))).toBeUndefined()
  })

  it('lists cameras with a driver and without', async () => {
    const face = plugCamera()
    expect(await usbVideoDevices(places)).toEqual([{ port: '1-1.2', name: 'HD Webcam' }])
    mkdirSync(join(root, 'sys/bus/usb/drivers/uvcvideo'), { recursive: true })
    symlinkSync(join(root, 'sys/bus/usb/drivers/uvcvideo'), join(face, 'driver'))
    expect(await usbVideoDevices(places)).toEqual([{ port: '1-1.2', name: 'HD Webcam', driver: 'uvcvideo' }])
    write(`${DEVICE}/1-1.2:1.0/bInterfaceClass`, '01\n')
    expect(await usbVideoDevices(places)).toEqual([])
  })
})

describe('nodes', () => {
  it('are listed by number, those that lack their file too', async () => {
    expect(await videoNodes(places)).toBeUndefined()
    for (const name of ['video10', 'video9', 'vbi0', 'v4l-subdev0']) write(`sys/class/video4linux/${name}/name`, `${name} card\n`)
    write('dev/video9')
    expect((await videoNodes(places))?.map(({ node, name, exists }) => [node, name, exists])).toEqual([
      [join(root, 'dev/video9'), 'video9 card', true],
      [join(root, 'dev/video10'), 'video10 card', false],
    ])
  })

  it('are stale when they stand for nothing, or for another device', async () => {
    write('sys/class/video4linux/video0/name')
    write('sys/class/video4linux/video1/name')
    write('sys/class/video4linux/video1/dev', '81:1\n')
    for (const name of ['video0', 'video1', 'video7', 'vbi0']) write(`dev/${name}`)
    const known = (await videoNodes(places)) ?? []
    expect(await staleNodes(places, known)).toEqual([join(root, 'dev/video1'), join(root, 'dev/video7')])
    expect(deviceNumber(0x5100)).toBe('81:0')
    expect(deviceNumber(0x105103)).toBe('81:259')
  })
})

describe('the account', () => {
  it('knows its groups by name, and those it was given since', () => {
    const passwd = 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n'
    const directory = new Directory(passwd, 'video:x:44:eve,ada\nada:x:1000:\naudio:x:29:eve\n')
    expect(directory.account({ uid: 1000, gids: [1000, 77] })).toEqual({
      uid: 1000,
      user: 'ada',
      groups: [
        { gid: 1000, name: 'ada' },
        { gid: 77, name: '77' },
      ],
      granted: [{ gid: 44, name: 'video' }],
    })
    expect(directory.user(4)).toBe('4')
  })
})

describe('the surroundings', () => {
  it.each([
    ['Docker', () => write('.dockerenv'), {}],
    ['Podman', () => write('run/.containerenv'), {}],
    ['lxc', () => write('proc/1/cgroup', '0::/lxc/box/init.scope\n'), {}],
    ['systemd-nspawn', () => undefined, { container: 'systemd-nspawn' }],
    ['Kubernetes', () => write('.dockerenv'), { KUBERNETES_SERVICE_HOST: '10.0.0.1' }],
    [undefined, () => write('proc/1/cgroup', '0::/init.scope\n'), {}],
  ])('are %s', async (name, prepare, env) => {
    prepare()
    expect(await containerName(places, env)).toBe(name)
  })

  it('are a snap, a flatpak, or neither', async () => {
    expect(await confinementOf(places, {})).toBeUndefined()
    expect(await confinementOf(places, { SNAP: '/snap/x/1', SNAP_NAME: 'x' })).toBe('snap')
    write('.flatpak-info')
    expect(await confinementOf(places, {})).toBe('flatpak')
  })

  it('have the driver loaded, at hand, built in, or not at all', async () => {
    expect(await uvcModule(places, '6.1.0')).toBe('missing')
    write('lib/modules/6.1.0/modules.dep', 'kernel/drivers/media/usb/uvc/uvcvideo.ko.xz: kernel/x.ko\n')
    expect(await uvcModule(places, '6.1.0')).toBe('available')
    write('lib/modules/6.2.0/modules.builtin', 'kernel/drivers/media/usb/uvc/uvcvideo.ko\n')
    expect(await uvcModule(places, '6.2.0')).toBe('loaded')
    write('sys/module/uvcvideo/refcnt', '0\n')
    expect(await uvcModule(places, '6.1.0')).toBe('loaded')
  })
})

describe('a running service', () => {
  let server: Server | undefined
  afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))))

  const STATUS = {
    state: 'streaming',
    reconnect_attempts: 1,
    stats: { frames_captured: 100, frames_dropped: 2, connection_errors: 3 },
    actual: { width: 640, height: 480, fps_nominal: 7.5, pixel_format: 'MJPG' },
    last_error: { message: 'it stalled' },
  }

  async function serve(answers: Readonly<Record<string, unknown>>): Promise<number> {
    server = createServer((request, response) => {
      const answer = answers[request.url ?? '']
      response.writeHead(answer === undefined ? 404 : 200).end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? {}))
    })
    return listening(server)
  }

  async function listening(started: Server): Promise<number> {
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
    const address = started.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  it('tells its process, its cameras, their counters and modes', async () => {
    const port = await serve({
      '/cameras': [{ id: 'camera2', identity: 'usb-a' }, { id: '../x' }, null],
      '/server/pid': { pid: 42 },
      '/cameras/camera2': STATUS,
    })
    expect(await askService(port)).toEqual({
      url: `http://127.0.0.1:${port}`,
      pid: 42,
      isLate: false,
      cameras: [
        {
          device: 'camera2',
          identity: 'usb-a',
          counters: {
            state: 'streaming',
            reconnectAttempts: 1,
            connectionErrors: 3,
            framesCaptured: 100,
            framesDropped: 2,
            lastError: 'it stalled',
          },
          mode: { fourcc: 'MJPG', width: 640, height: 480, interval: { num: 1_000, den: 7_500 } },
        },
      ],
    })
  })

  it('is told to be late when it leaves a question open, with what it said before', async () => {
    const asked: (string | undefined)[] = []
    server = createServer((request, response) => {
      asked.push(request.url)
      if (request.url === '/cameras') response.end(JSON.stringify([{ id: 'camera0' }, { id: 'camera1' }]))
      if (request.url === '/server/pid') response.end('{"pid":42}')
    })
    const port = await listening(server)
    expect(await askService(port, 4_000)).toEqual({ url: `http://127.0.0.1:${port}`, pid: 42, isLate: true, cameras: [] })
    expect(asked).toEqual(['/cameras', '/server/pid', '/cameras/camera0'])
  })

  it('is none when something else answers, or nobody', async () => {
    const port = await serve({ '/cameras': 'hello' })
    expect(await askService(port)).toBeUndefined()
    await new Promise<void>((resolve) => server?.close(() => resolve()))
    server = undefined
    expect(await askService(port)).toBeUndefined()
  })

  it('may know its cameras by a whole identity, and have nothing captured yet', () => {
    expect(servedCamera('camera0', { identity: { id: 'usb-b' } }, { state: 'opening', actual: null })).toEqual({
      device: 'camera0',
      identity: 'usb-b',
      counters: { state: 'opening', reconnectAttempts: 0, connectionErrors: 0, framesCaptured: 0, framesDropped: 0 },
    })
    expect(servedCamera('camera0', {}, undefined)).toEqual({ device: 'camera0', identity: '' })
  })
})
