import { describe, expect, it } from 'vitest'
import { adviceOf, cameraWord, connectionWord } from '../../../web/camera-page/advice.js'
import { type Status, statusOf } from '../../../web/camera-page/wire.js'

const waiting = { id: 'camera0', identity: {}, is_running: true, is_connected: false, state: 'waiting', reconnect_attempts: 2 }
const fault = (code: string, message = 'held') => ({ code, message, errno: 0, at: '' })

function status(changes: object): Status {
  return statusOf({ ...waiting, ...changes })
}

describe('words for a camera', () => {
  it.each([
    [{ is_connected: true, state: 'streaming' }, 'Online', 'Connected'],
    [{}, 'No signal', 'Reconnecting, attempt 3'],
    [{ reconnect_attempts: 0, last_error: fault('CAMERA_BUSY') }, 'No signal', 'Connecting'],
    [{ reconnect_attempts: 0 }, 'Standby', 'Opened on demand'],
    [{ reconnect_attempts: 0, viewers: { count: 1 } }, 'No signal', 'Connecting'],
    [{ is_running: false, state: 'given_up' }, 'Offline', 'Not connected'],
  ])('%j is %s, %s', (changes, camera, connection) => {
    expect(cameraWord(status(changes)).word).toBe(camera)
    expect(connectionWord(status(changes)).word).toBe(connection)
  })
})

describe('advice', () => {
  it.each([
    ['CAMERA_GONE', 'No camera', /Plug the camera in/],
    ['NO_PERMISSION', 'Permission denied', /group that owns the device, usually video/],
    ['CAMERA_BUSY', 'Camera in use', /Close that program\. The picture comes back by itself\.$/],
    ['NO_BANDWIDTH', 'USB bus is full', /another USB controller, or choose a smaller size/],
    ['STALLED', 'Camera stopped sending', /Unplug it for a moment/],
    ['TIMEOUT', 'Camera stopped sending', /check its cable/],
    ['NO_SIGNAL', 'No signal', /what is connected to it/],
    ['UNSUPPORTED_FORMAT', 'Unsupported format', /another size or rate/],
    ['OF_A_LATER_VERSION', 'Camera failed', /Check the camera/],
  ])('for %s', (code, title, text) => {
    const advice = adviceOf(status({ last_error: fault(code) }))
    expect(advice).toMatchObject({ title, detail: 'held', canRestart: code === 'OF_A_LATER_VERSION' })
    expect(advice?.text).toMatch(text)
    const after = adviceOf(status({ last_error: fault(code), is_running: false, state: 'given_up' }))
    expect(after?.canRestart).toBe(true)
    expect(after?.text).toMatch(/^No more attempts are made\. .*Then restart the camera\.$/)
    expect(after?.text).not.toContain('by itself')
  })

  it('for a camera that was never seen, that is switched off, that stalls', () => {
    expect(adviceOf(status({ identity: null }))?.title).toBe('No camera')
    expect(adviceOf(status({ is_running: false, state: 'disabled' }))?.title).toBe('Camera switched off')
    expect(adviceOf(status({ state: 'stalled' }))?.title).toBe('Camera stopped sending')
    expect(adviceOf(status({ is_running: false, state: 'given_up' }))?.title).toBe('Given up: camera failed')
  })

  it('is none while all is well or about to be', () => {
    expect(adviceOf(status({ is_connected: true, last_error: fault('CAMERA_BUSY') }))).toBeUndefined()
    expect(adviceOf(status({ state: 'opening' }))).toBeUndefined()
  })
})
