import { expect, test } from 'vitest'
import { cameraBody } from '../../../../src/media/paths/body.js'
import { serverConfig, serverEnvironment } from '../../../../src/media/server/config.js'

const places = { apiPort: 9997, host: '', rtspPort: 8554, hlsPort: 8888, webrtcPort: undefined, webrtcUdpPort: 8189 }
const api = { user: 'camera-service', password: 'api-secret' }
const publish = { user: 'publisher', password: 'publish-secret' }
const hooks = { demand: '/bin/hook', segmentCreated: '/bin/hook c', segmentCompleted: '/bin/hook d' }
const body = cameraBody({ hooks, startTimeoutMs: 10_000, closeAfterMs: 10_000, instance: 'one' })

interface User {
  readonly user: string
  readonly pass: string
  readonly ips: readonly string[]
  readonly permissions: readonly { readonly action: string; readonly path: string }[]
}

test('S-47 the control API is on loopback, only we may use it or publish, and what else tells of it is off', () => {
  const config = parse(publish)
  expect(config.apiAddress).toBe('127.0.0.1:9997')
  expect(config).toMatchObject({ metrics: false, pprof: false, playback: false })
  expect(serverEnvironment(places)).toMatchObject({ MTX_METRICS: 'no', MTX_PPROF: 'no', MTX_PLAYBACK: 'no' })
  const users = config.authInternalUsers as User[]
  for (const action of ['api', 'publish']) {
    const [allowed, ...others] = users.filter((user) => user.permissions.some((permission) => permission.action === action))
    expect(others).toEqual([])
    expect(allowed?.user).not.toBe('any')
    expect(allowed?.pass).toMatch(/^sha256:/)
    expect(allowed?.ips).toEqual(['127.0.0.1', '::1'])
  }
})

test('the file holds no password', () => {
  expect(serverConfig(places, { api, publish }, new Map())).not.toMatch(/secret/)
})

test('without a password for publishing, only this machine publishes, and only to cameras', () => {
  const users = parse(undefined).authInternalUsers as User[]
  const publisher = users.find((user) => user.permissions[0]?.action === 'publish')
  expect(publisher).toMatchObject({ user: 'any', pass: '', ips: ['127.0.0.1', '::1'] })
  expect(publisher?.permissions[0]?.path).toBe('~^camera[0-9]+$')
})

test('known cameras are in the file, the catch-all is not', () => {
  expect(parse(publish).paths).toEqual({ camera0: body })
})

test('what only some versions know is in the environment', () => {
  expect(parse(publish)).not.toHaveProperty('moq')
  expect(serverEnvironment(places)).toMatchObject({ MTX_MOQ: 'no', TZ: 'UTC', MTX_APIADDRESS: '127.0.0.1:9997' })
})

test('a server that is not wanted is off', () => {
  const config = parse(publish)
  expect(config).toMatchObject({ webrtc: false, hls: true, rtmp: false, srt: false, playback: false })
})

function parse(publisher: typeof publish | undefined): Record<string, unknown> {
  return JSON.parse(serverConfig(places, { api, publish: publisher }, new Map([['camera0', body]]))) as Record<string, unknown>
}
