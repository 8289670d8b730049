/** What shapes on the wire share. A shape is one schema, which gives the type, the check and the manual's text. */

import { CAMERA_ID, EXTERNAL_ID } from '../../base/device-id.js'
import type { Builder } from '../schema.js'

export const time = (t: Builder) => t.String({ format: 'date-time', description: 'UTC, ISO 8601, ends with Z' })
export const count = (t: Builder) => t.Integer({ minimum: 0 })
export const seconds = (t: Builder) => t.Integer({ minimum: 0, description: 'Seconds' })
export const bytes = (t: Builder) => t.Integer({ minimum: 0, description: 'Bytes' })
export const camera = (t: Builder) => t.String({ pattern: `^${CAMERA_ID}$`, description: 'Camera id' })
/** What has pictures: a camera or an external stream. */
export const device = (t: Builder) =>
  t.String({ pattern: `^(${CAMERA_ID}|${EXTERNAL_ID})$`, description: 'Camera id, or `path` of an external stream' })

/** A camera as clients name it: its id, or its device node, which is an alias for the id, or an added stream's path. */
export const deviceParam = (t: Builder) =>
  t.String({
    pattern: `^(${CAMERA_ID}|/dev/video[0-9]+|${EXTERNAL_ID})$`,
    maxLength: 64,
    description: 'Camera id; `/dev/videoN` is accepted as an alias, and so is the `path` of an external stream',
    rule: 'matches ^camera[0-9]+$',
  })

export const NoParams = (t: Builder) => t.Object({})
export const DeviceParams = (t: Builder) => t.Object({ device: deviceParam(t) })

/** A name of one file; it never reaches the disk as a path. */
export const fileName = (t: Builder, description: string) =>
  t.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^(?!.*\\.\\.)[^<>:"/\\\\|?*\\u0000-\\u001f\\u007f]*$',
    description,
    rule: '1 to 255 characters, no "..", no path separator, none of < > : " | ? *, no control characters',
  })

export const recordingName = (t: Builder) => t.String({ description: 'Without extension' })
