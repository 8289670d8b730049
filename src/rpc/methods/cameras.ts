import { legacyCamera } from '../legacy-results.js'
import { defineNearMethod } from '../method.js'
import type { CameraPort } from '../services.js'
import { CameraCapabilities, CameraList, CameraStatus, CameraStatusParams } from '../shapes/cameras.js'
import { DeviceParams, NoParams } from '../shapes/common.js'

export const getCameraList = defineNearMethod({
  name: 'get_camera_list',
  role: 'viewer',
  summary: 'All known cameras with status, mode and links.',
  params: NoParams,
  result: CameraList,
  errors: [],
  run: ({ cameras }, _params, session) => cameras.list(session.linkHost),
  legacy: ({ cameras }) => ({ cameras: cameras.map((camera) => ({ ...camera, ...legacyCamera(camera) })) }),
})

export const getCameraStatus = defineNearMethod({
  name: 'get_camera_status',
  role: 'viewer',
  summary: 'One camera; a camera seen before and now unplugged is DISCONNECTED.',
  params: CameraStatusParams,
  result: CameraStatus,
  errors: ['CAMERA_NOT_FOUND'],
  run({ cameras }, { device, debug }, session) {
    const id = cameraId(cameras, device)
    const status = cameras.status(id, session.linkHost)
    if (debug !== true || session.identity?.role !== 'admin') return status
    // The one place where a client sees a device node (contract §8).
    const [node] = [...cameras.nodes()].find(([, owner]) => owner === id) ?? []
    return { ...status.value, debug: { internal_device_path: node || null } }
  },
  legacy: legacyCamera,
})

export const getCameraCapabilities = defineNearMethod({
  name: 'get_camera_capabilities',
  role: 'viewer',
  summary: 'Pixel formats, sizes and rates a camera offers.',
  params: DeviceParams,
  result: CameraCapabilities,
  errors: ['CAMERA_NOT_FOUND'],
  run: ({ cameras }, { device }) => cameras.capabilities(cameraId(cameras, device)),
  extra: (_toolbox, { fps_options }) => ({ frame_rates: fps_options.map((fps) => fps.toFixed(3)) }),
})

/** The camera a `device` parameter means: an id stands for itself, a device node for the camera behind it, else for `cameraN`. */
export function cameraId(cameras: Pick<CameraPort, 'nodes'>, device: string): string {
  if (!device.startsWith('/')) return device
  return cameras.nodes().get(device) ?? `camera${Number(/\d+$/.exec(device)?.[0])}`
}
