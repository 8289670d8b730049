// A registry that knows cameras as the native core would tell of them, with the links that a MediaMTX gives.
import { systemClock } from '../../dist/base/clock.js'
import { CameraRegistry } from '../../dist/cameras/registry/registry.js'
import { silent } from './silent.mjs'

const SIZES = [
  [1920, 1080],
  [1280, 720],
  [640, 480],
]

/** With `count` of them. */
export function registryOf(count) {
  const registry = new CameraRegistry({
    clock: systemClock,
    logger: silent,
    pins: new Map(),
    modeWish: () => undefined,
    quietMs: 0,
    maxMs: 0,
    ids: new Map(),
    onIds() {},
    links: (device, host) => ({
      rtsp: `rtsp://${host}:8554/${device}`,
      hls: `http://${host}:8002/hls/${device}.m3u8`,
      webrtc: `http://${host}:8889/${device}/webrtc`,
    }),
  })
  registry.handle(Array.from({ length: count }, (_, at) => ready(at)))
  return registry
}

function ready(number) {
  const node = `/dev/video${number}`
  const identity = {
    id: `usb-046d:0825-SN${number}-i0-x0`,
    aliases: [],
    name: `HD camera ${number}`,
    vid: '046d',
    pid: '0825',
    port: '',
  }
  const formats = ['MJPG', 'YUYV'].map((fourcc) => ({
    fourcc,
    sizes: SIZES.map(([width, height]) => ({ width, height, intervals: [30, 15].map((den) => ({ num: 1, den })) })),
  }))
  const report = { node, kind: 'camera', driver: 'uvcvideo', card: identity.name, busInfo: 'usb-1', formats, rateSettable: true }
  return { seq: number, atUs: number, type: 'ready', source: `${node}#1`, node, virtual: false, identity, report }
}
