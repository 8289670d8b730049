/** Capabilities and controls of one camera (usb-camera-server §4.11). */

import { FAULTS } from '../errors.js'
import type { FacePorts } from '../ports.js'
import { json, type Route } from '../request/call.js'
import { jsonObject } from '../request/json-object.js'
import { cameraOf } from './camera-of.js'

export function cameraRoutes({ cameras, controls }: FacePorts): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/cameras/{id}/capabilities',
      role: 'viewer',
      handler: (call) => {
        const found = cameras.capabilities(cameraOf(call, cameras).id)
        if (found === undefined) throw FAULTS.noCapabilities()
        return json(200, found)
      },
      doc: 'What the camera offers: formats, sizes, rates.',
    },
    {
      method: 'GET',
      path: '/cameras/{id}/controls',
      role: 'viewer',
      handler: async (call) => json(200, await controls.list(cameraOf(call, cameras).id)),
      doc: 'Controls with type, range, menu and value.',
    },
    {
      method: 'PUT',
      path: '/cameras/{id}/controls',
      role: 'operator',
      handler: async (call) => {
        const { id } = cameraOf(call, cameras)
        return json(200, await controls.set(id, jsonObject(call.body)))
      },
      doc: 'Sets controls: an object of name or number to value. A result for each.',
    },
    {
      method: 'POST',
      path: '/cameras/{id}/controls/reset',
      role: 'operator',
      handler: async (call) => {
        const { id } = cameraOf(call, cameras)
        return json(200, await controls.reset(id, call.body.length === 0 ? undefined : namesOf(jsonObject(call.body).controls)))
      },
      doc: 'Gives controls their defaults and forgets what was remembered: all of them, or `{"controls": [NAME, …]}`. A result for each.',
    },
  ]
}

const MAX_NAMES = 256

/** Undefined means all; so no wish may be taken for none. */
function namesOf(value: unknown): readonly string[] {
  const isList = Array.isArray(value) && value.length > 0 && value.length <= MAX_NAMES
  if (!isList || !value.every((name) => typeof name === 'string')) {
    throw FAULTS.badParameter('controls', `a list of 1 to ${MAX_NAMES} names of controls; without a body all are reset`)
  }
  return value
}
