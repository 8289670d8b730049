import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/base/errors.js'
import { isCamerasFault, isFoldersFault, toServiceError } from '../../../src/snapshots/failures.js'
import { ThreadLost } from '../../../src/snapshots/pool.js'

/** As file systems say it. */
const systemError = (code: string): Error => Object.assign(new Error(`${code}: something, open '/x'`), { code, syscall: 'open' })
/** As the core says it. */
const coreError = (code: string, errno: number, call = 'open'): Error => Object.assign(new Error(code), { code, errno, call })

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

  it.each([
    ['IO', 'store'],
    ['CAMERA_BUSY', 'grab'],
  ])('too many at once are nobody’s fault, and may come again: %s of %s', (code, call) => {
    const thrown = coreError(code, 16, call)
    expect(toServiceError(thrown)).toMatchObject({ code: 'RATE_LIMITED', data: { retry_after_ms: 1_000 } })
    expect([isCamerasFault(thrown), isFoldersFault(thrown)]).toEqual([false, false])
  })

  it('R-15: a thread that was lost is ours, and neither the camera’s nor the disk’s', () => {
    const thrown = new ThreadLost('the conversion took longer than 5 ms')
    expect(toServiceError(thrown)).toMatchObject({ code: 'INTERNAL', details: 'the conversion took longer than 5 ms' })
    expect([isCamerasFault(thrown), isFoldersFault(thrown)]).toEqual([false, false])
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
