/** The streaming methods while MediaMTX is switched off: each names what is missing. */

import { ServiceError } from '../base/errors.js'
import type { StreamPort } from '../rpc/index.js'

/** `exists` decides between an unknown camera and a missing dependency. */
export function streamsWithoutMediamtx(exists: (device: string) => boolean): StreamPort {
  const refuse = async (device?: string): Promise<never> => {
    if (device !== undefined && !exists(device)) {
      throw new ServiceError('CAMERA_NOT_FOUND', { data: { resource: 'camera', id: device } })
    }
    throw new ServiceError('DEPENDENCY_FAILED', {
      data: { dependency: 'MediaMTX', detail: 'switched off' },
      details: 'MediaMTX is switched off',
      suggestion: 'set mediamtx.mode to auto',
    })
  }
  return { start: refuse, stop: refuse, url: refuse, status: refuse, list: () => refuse() }
}
