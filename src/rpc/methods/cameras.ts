import { defineMethod } from '../method.js'
import type { CameraPort } from '../services.js'
import { CameraCapabilities, CameraList, CameraStatus } from '../shapes/cameras.js'
import { DeviceParams, NoParams } from '../shapes/common.js'

export const getCameraList = defineMethod({
  name: 'get_camera_list',
  role: 'viewer',
  summary: 'All known cameras with status, mode and links.',
  params: NoParams,
  result: CameraList,
  errors: [],
  run: ({ services }, _params, session) => services.cameras.list(session.linkHost),
})

export const getCameraStatus = defineMethod({
  name: 'get_camera_status',
  role: 'viewer',
  summary: 'One camera; a camera seen before and now unplugged is DISCONNECTED.',
  params: DeviceParams,
  result: CameraStatus,
  errors: ['CAMERA_NOT_FOUND'],
  run: ({ services }, { device }, session) => services.cameras.status(cameraId(services.cameras, device), session.linkHost),
})

export const getCameraCapabilities = defineMethod({
  name: 'get_camera_capabilities',
  role: 'viewer',
  summary: 'Pixel formats, sizes and rates a camera offers.',
  params: DeviceParams,
  result: CameraCapabilities,
  errors: ['CAMERA_NOT_FOUND'],
  run: ({ services }, { device }) => services.cameras.capabilities(cameraId(services.cameras, device)),
})

/** The camera a `device` parameter means: an id stands for itself, a device node for the camera behind it. */
export function cameraId(cameras: Pick<CameraPort, 'resolve'>, device: string): string {
  return device.startsWith('/') ? cameras.resolve(device) : device
}
