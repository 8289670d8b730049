import { describe, expect, it } from 'vitest'
import { createBench } from '../../support/rpc-session.js'

describe('login', () => {
  it('keeps the identity when a later attempt fails', () => {
    const caller = createBench().open()
    caller.login('operator')
    expect(caller.call('authenticate', { auth_token: 'a.b.c' })?.error).toMatchObject({
      code: -32001,
      data: { reason: 'auth_failed' },
    })
    expect(caller.call('get_camera_list')?.result).toBeDefined()
  })

  it.each([{}, { auth_token: '' }, { auth_token: 5 }, { auth_token: null }])('wants a token: %j', (params) => {
    expect(createBench().open().call('authenticate', params)?.error).toMatchObject({
      code: -32001,
      data: { reason: 'auth_required' },
    })
  })

  it.each([{ token: '' }, { token: 5 }, { token: null }])('answers a failed legacy login with a result: %j', (params) => {
    const bench = createBench()
    expect(bench.open().call('authenticate', params)).toMatchObject({
      result: { authenticated: false, error: expect.any(String) },
    })
  })

  it('lets a token for this machine open nothing to a client of another', () => {
    const { open, localToken } = createBench()
    expect(open().call('authenticate', { auth_token: localToken })).toMatchObject({ result: { role: 'admin' } })
    const stranger = open({ local: false })
    expect(stranger.call('authenticate', { auth_token: localToken })?.error).toMatchObject({
      code: -32001,
      data: { reason: 'auth_failed', suggestion: expect.stringContaining('camera-service token') },
    })
    expect(stranger.call('authenticate', { token: localToken })).toMatchObject({ result: { authenticated: false } })
    expect(stranger.call('get_camera_list')?.error).toMatchObject({ code: -32001 })
  })

  it('answers a legacy login of an unknown type with a result', () => {
    const bench = createBench()
    const reply = bench.open().call('authenticate', { token: bench.token('viewer'), auth_type: 'zzz' })
    expect(reply).toMatchObject({ result: { authenticated: false } })
  })

  it('leaves the subscriptions of a legacy client alone when it renews its token', () => {
    const bench = createBench()
    const caller = bench.open()
    caller.call('authenticate', { token: bench.token('viewer'), auth_type: 'jwt' })
    caller.call('subscribe_events', { topics: ['snapshot.taken'] })
    caller.call('authenticate', { token: bench.token('viewer'), auth_type: 'jwt' })
    expect(caller.call('get_subscription_stats')?.result).toMatchObject({ client_topics: ['snapshot.taken'] })
  })

  it('refuses an unknown auth_type', () => {
    const bench = createBench()
    const params = { auth_token: bench.token('viewer'), auth_type: 'basic' }
    expect(bench.open().call('authenticate', params)?.error).toMatchObject({ code: -32602, data: { param: 'auth_type' } })
  })

  it('replaces the identity at once, downwards too', () => {
    const caller = createBench().open()
    caller.login('admin')
    caller.login('viewer')
    expect(caller.call('get_status')?.error?.code).toBe(-32002)
  })

  it('ends with the token, at the call, and can be renewed', () => {
    const bench = createBench()
    const caller = bench.open()
    caller.login('viewer', 60_000)
    bench.clock.advance(59_999)
    expect(caller.call('get_camera_list')?.result).toBeDefined()
    bench.clock.advance(1)
    expect(caller.call('get_camera_list')?.error).toMatchObject({ code: -32001, data: { reason: 'auth_failed' } })
    expect(caller.call('ping')?.result).toBe('pong')
    caller.login('viewer')
    expect(caller.call('get_camera_list')?.result).toBeDefined()
  })

  it('answers a legacy login with a result, good or bad, and subscribes it', () => {
    const bench = createBench()
    const caller = bench.open()
    expect(caller.call('authenticate', { token: 'a.b.c', auth_type: 'jwt' })?.result).toEqual({
      authenticated: false,
      error: 'Authentication failed or token expired',
    })
    expect(caller.call('authenticate', { token: bench.token('viewer'), auth_type: 'jwt' })?.result).toMatchObject({
      authenticated: true,
    })
    expect(caller.call('get_subscription_stats')?.result).toMatchObject({
      client_topics: ['camera_status_update', 'recording_status_update'],
    })
  })

  it('accepts api_key as another name', () => {
    const bench = createBench()
    expect(bench.open().call('authenticate', { api_key: bench.token('admin') })?.result).toMatchObject({ role: 'admin' })
  })
})
