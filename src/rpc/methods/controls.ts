import { defineMethod } from '../method.js'
import { DeviceParams } from '../shapes/common.js'
import { CameraControls, CameraControlsSet, ResetCameraControlsParams, SetCameraControlsParams } from '../shapes/controls.js'
import { cameraId } from './cameras.js'

export const getCameraControls = defineMethod({
  name: 'get_camera_controls',
  role: 'viewer',
  summary: 'The controls of a camera (brightness, exposure, focus, …) with ranges, menus and values.',
  params: DeviceParams,
  result: CameraControls,
  errors: ['CAMERA_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED'],
  work: 'controls',
  run: async ({ services }, params) => {
    const device = cameraId(services.cameras, params.device)
    return { device, controls: await services.controls.list(device) }
  },
})

export const setCameraControls = defineMethod({
  name: 'set_camera_controls',
  role: 'operator',
  audited: 'call',
  summary:
    'Sets controls, automatic ones first, and answers what the camera has then. Remembered for the camera and given back to it ' +
    'when it was unplugged. A value that a control cannot have is an error that names the control, its range and its menu; then none is set.',
  params: SetCameraControlsParams,
  result: CameraControlsSet,
  errors: ['CAMERA_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED'],
  work: 'controls',
  run: async ({ services }, params) => {
    const device = cameraId(services.cameras, params.device)
    return { device, controls: await services.controls.set(device, params.controls) }
  },
})

export const resetCameraControls = defineMethod({
  name: 'reset_camera_controls',
  role: 'operator',
  audited: 'call',
  summary: 'Gives controls their defaults and forgets what was remembered of them.',
  params: ResetCameraControlsParams,
  result: CameraControlsSet,
  errors: ['CAMERA_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED'],
  work: 'controls',
  run: async ({ services }, params) => {
    const device = cameraId(services.cameras, params.device)
    return { device, controls: await services.controls.reset(device, params.controls) }
  },
})
