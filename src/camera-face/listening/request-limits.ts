/** Sizes of a request's header that the parser of Node does not judge as we do (usb-camera-server §3.3). */

import type { IncomingMessage } from 'node:http'
import { FAULTS, type HttpFault } from '../errors.js'
import type { CameraFaceSettings } from '../settings.js'

type Limits = Pick<CameraFaceSettings, 'maxHeaderBytes' | 'maxHeaders' | 'maxTargetBytes'>

/** `: ` and the line's end. */
const PER_HEADER = 4

export function headerFault({ url = '', rawHeaders }: IncomingMessage, limits: Limits): HttpFault | undefined {
  if (url.length > limits.maxTargetBytes) return FAULTS.targetTooLong()
  if (rawHeaders.length / 2 > limits.maxHeaders) return FAULTS.headersTooLarge()
  const bytes = rawHeaders.reduce((sum, text) => sum + text.length, (rawHeaders.length / 2) * PER_HEADER)
  return bytes > limits.maxHeaderBytes ? FAULTS.headersTooLarge() : undefined
}

/** The refusal of what the parser gave up on. `packet`: the bytes it choked on. */
export function parserFault(code: string, packet: Buffer | undefined, limits: Limits): HttpFault {
  if (code === 'HPE_HEADER_OVERFLOW') return isLongTarget(packet, limits) ? FAULTS.targetTooLong() : FAULTS.headersTooLarge()
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return FAULTS.requestTimeout()
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return FAULTS.bodyTooLarge()
  return FAULTS.badRequest('Bad Request')
}

/** Whether it is the first line that is too long, as far as the last packet shows. */
function isLongTarget(packet: Buffer | undefined, { maxTargetBytes }: Limits): boolean {
  if (packet === undefined) return false
  const lineEnd = packet.indexOf('\n')
  return (lineEnd < 0 ? packet.length : lineEnd) > maxTargetBytes && /^[A-Z]+ /.test(packet.toString('latin1', 0, 16))
}
