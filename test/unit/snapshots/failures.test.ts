import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/base/errors.js'
import { isCamerasFault, toServiceError } from '../../../src/snapshots/failures.js'

/** As file systems say it. */
const systemError = (code: string): Error => Object.assign(new Error(`${code}: something, open '/x'`), { code, syscall: 'open' })
/** As the core says it. */
const coreError = (code: string, errno: number): Error => Object.assign(new Error(code), { code, errno, call: 'grab' })

describe('what a snapshot fails with', () => {
  it.each(['ENOENT', 'EACCES', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ESTALE'])(
    '%s of a folder is the storage’s, and never makes another camera be tried',
    (code) => {
      expect(toServiceError(systemError(code))).toMatchObject({ code: 'DEPENDENCY_FAILED', data: { dependency: 'storage' } })
      expect(isCamerasFault(systemError(code))).toBe(false)
    },
  )

  it('a full disk is a state, whoever saw it', () => {
    for (const thrown of [systemError('ENOSPC'), coreError('DISK_FULL', 28)]) {
      expect(toServiceError(thrown)).toMatchObject({ code: 'INVALID_STATE', data: { state: 'STORAGE_FULL' } })
      expect(isCamerasFault(thrown)).toBe(false)
    }
  })

  it('a camera’s failure names the camera, and what is told already stays', () => {
    expect(toServiceError(coreError('CAMERA_GONE', 19))).toMatchObject({
      code: 'DEPENDENCY_FAILED',
      data: { dependency: 'camera', camera_error: 'CAMERA_GONE' },
    })
    expect(isCamerasFault(coreError('CAMERA_BUSY', 16))).toBe(true)
    const told = new ServiceError('RATE_LIMITED', {})
    expect(toServiceError(told)).toBe(told)
    expect(isCamerasFault(told)).toBe(false)
  })
})
