import { describe, expect, it } from 'vitest'
import type { Asking, Identity } from '../../../src/auth/index.js'
import { ServiceError } from '../../../src/base/errors.js'
import { createBench } from '../../support/rpc-session.js'

const KEY = 'csk_of_the_tests'

/** Accepts one key, at once or later. */
function keys(later: boolean) {
  const asked: (Asking & { readonly credential: string })[] = []
  const identity: Identity = { userId: 'api-key:1', role: 'operator', expiresAtMs: Date.UTC(2031, 0) }
  const verify = (credential: string, asking: Asking): Identity | Promise<Identity> => {
    asked.push({ credential, ...asking })
    if (later) return Promise.resolve().then(() => judge(credential))
    return judge(credential)
  }
  const judge = (credential: string): Identity => {
    if (credential !== KEY) throw new ServiceError('AUTH_FAILED')
    return identity
  }
  return { asked, verifier: { verify } }
}

describe('authenticate', () => {
  it.each([
    [{ auth_token: KEY }, undefined],
    [{ token: KEY, auth_type: 'api_key' }, 'api_key'],
    [{ token: KEY, auth_type: 'auto' }, undefined],
    [{ api_key: KEY }, 'api_key'],
    [{ auth_token: KEY, auth_type: 'jwt' }, 'jwt'],
  ])('asks for %j by its type', (params, type) => {
    const { asked, verifier } = keys(false)
    expect(createBench({ verifier }).open().call('authenticate', params)).toMatchObject({
      result: { authenticated: true, role: 'operator', expires_at: '2031-01-01T00:00:00.000Z' },
    })
    expect(asked).toMatchObject([{ credential: KEY, type }])
  })
})

it('a refusal for want of a login names auth_required in its data, and in its message where that is switched on', () => {
  const plain = 'Authentication failed or token expired'
  const refusal = (authRequiredInMessage: boolean) => createBench({ authRequiredInMessage }).open().call('get_camera_list')?.error
  expect(refusal(false)).toMatchObject({ message: plain, data: { reason: 'auth_required' } })
  expect(refusal(true)).toMatchObject({ message: `${plain} (auth_required)`, data: { reason: 'auth_required' } })
})

describe('a token among the parameters of a call', () => {
  it.each([false, true])('logs the connection in where that is switched on (checked later: %s)', async (later) => {
    const { asked, verifier } = keys(later)
    const client = createBench({ verifier, tokensInCalls: true }).open()
    client.call('get_camera_list', { auth_token: KEY })
    await Promise.resolve().then(() => new Promise(setImmediate))
    expect(client.received.at(-1)).toMatchObject({ result: { total: 2 } })
    // The connection holds the identity from then on.
    expect(client.call('get_camera_list')).toMatchObject({ result: { total: 2 } })
    client.call('get_camera_list', { token: 'of no use now' })
    expect(asked).toHaveLength(1)
  })

  it('that is no good is refused, and opens nothing', () => {
    const client = createBench({ verifier: keys(false).verifier, tokensInCalls: true }).open()
    expect(client.call('get_camera_list', { token: 'wrong' })).toMatchObject({
      error: { code: -32001, data: { reason: 'auth_failed' } },
    })
    expect(client.call('get_camera_list')).toMatchObject({ error: { code: -32001, data: { reason: 'auth_required' } } })
  })

  it('is no login by default, nor for what needs none', () => {
    const { asked, verifier } = keys(false)
    expect(createBench({ verifier }).open().call('get_camera_list', { token: KEY })).toMatchObject({
      error: { data: { reason: 'auth_required' } },
    })
    expect(createBench({ verifier, tokensInCalls: true }).open().call('ping', { token: KEY })).toMatchObject({ result: 'pong' })
    expect(asked).toEqual([])
  })
})

it('a call whose token is checked first has taken all that time, whatever else came meanwhile', async () => {
  const bench = createBench({ verifier: keys(true).verifier, tokensInCalls: true })
  bench.open().call('get_camera_list', { auth_token: KEY })
  bench.clock.advance(200)
  bench.open().call('ping')
  await Promise.resolve().then(() => new Promise(setImmediate))
  expect(bench.rpc.stats().durations.sumSeconds).toBeCloseTo(0.2)
})

it.each([
  ['a legacy login', 'authenticate', { token: KEY }],
  ['a subscription with a token among its parameters', 'subscribe_events', { token: KEY, topics: ['camera.connected'] }],
])('of a client that went before its key was checked, %s leaves nothing', async (_, method, params) => {
  const bench = createBench({ verifier: keys(true).verifier, tokensInCalls: true })
  const client = bench.open()
  client.call(method, params)
  client.close()
  await Promise.resolve().then(() => new Promise(setImmediate))
  const other = bench.open()
  other.call('authenticate', { auth_token: KEY })
  await Promise.resolve().then(() => new Promise(setImmediate))
  expect(other.call('get_subscription_stats')).toMatchObject({ result: { global_stats: { active_clients: 0 } } })
})
