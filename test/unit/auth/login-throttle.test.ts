import { describe, expect, it } from 'vitest'
import {
  type Asking,
  Credentials,
  createTokens,
  FarCredentials,
  type Identity,
  LoginThrottle,
  type LoginThrottleOptions,
} from '../../../src/auth/index.js'
import { ServiceError } from '../../../src/base/errors.js'
import { FakeClock } from '../../support/fake-clock.js'

const MINUTE = 60_000

describe('failed logins', () => {
  it('are free a few times, then lock for longer each time, up to the longest', () => {
    const { clock, throttle, wait } = stage()
    const locks: number[] = []
    for (let round = 0; round < 7; round++) {
      while (wait('192.0.2.1') === 0) throttle.failed('192.0.2.1', undefined)
      locks.push(wait('192.0.2.1') / MINUTE)
      clock.advance(wait('192.0.2.1'))
    }
    expect(locks).toEqual([1, 2, 4, 8, 15, 15, 15])
    // After a rest all begins anew.
    clock.advance(31 * MINUTE)
    for (let failure = 0; failure < 10; failure++) throttle.failed('192.0.2.1', undefined)
    expect(wait('192.0.2.1')).toBe(0)
    throttle.failed('192.0.2.1', undefined)
    expect(wait('192.0.2.1')).toBe(MINUTE)
  })

  it('at the steady rate never lock', () => {
    const { clock, throttle, wait } = stage()
    for (let failure = 0; failure < 200; failure++) {
      throttle.failed('192.0.2.1', undefined)
      clock.advance(12_000)
    }
    expect(wait('192.0.2.1')).toBe(0)
  })

  it('lock the address in every spelling, IPv6 by /64, and nobody else', () => {
    const { throttle, wait } = stage()
    for (let failure = 0; failure < 11; failure++) throttle.failed('192.0.2.1', undefined)
    for (let failure = 0; failure < 11; failure++) throttle.failed(`2001:db8::${failure}`, undefined)
    const same = ['192.0.2.1', '::ffff:192.0.2.1', '0000:0000:0000:0000:0000:ffff:c000:0201', '2001:0db8:0000:0000:1:2:3:4']
    expect(same.map((address) => wait(address))).toEqual([MINUTE, MINUTE, MINUTE, MINUTE])
    expect(['192.0.2.2', '2001:db8:0:1::1', '::1'].map((address) => wait(address))).toEqual([0, 0, 0])
  })

  it('lock a subject from wherever, also for exempt addresses', () => {
    const { throttle, wait } = stage()
    for (let failure = 0; failure < 11; failure++) throttle.failed(`192.0.2.${failure}`, 'csk_abcd')
    expect(wait('127.0.0.1', 'csk_abcd')).toBe(MINUTE)
    expect(wait('127.0.0.1', 'csk_efgh')).toBe(0)
  })

  it('do not lock exempt addresses', () => {
    const { throttle, wait } = stage({ exempt: ['127.0.0.0/8', '::1', '10.0.0.0/8'] })
    const exempt = ['127.0.0.1', '::1', '0000:0000:0000:0000:0000:0000:0000:0001', '10.9.8.7', '::ffff:127.0.0.1']
    for (const address of exempt) for (let failure = 0; failure < 50; failure++) throttle.failed(address, undefined)
    expect(exempt.map((address) => wait(address))).toEqual([0, 0, 0, 0, 0])
    expect(throttle.size).toBe(0)
  })

  it('are remembered of so many names and no more, and not for ever', () => {
    const { clock, throttle } = stage({ maxNames: 100 })
    for (let failure = 0; failure < 1000; failure++) throttle.failed(`10.0.${failure >> 8}.${failure & 255}`, undefined)
    expect(throttle.size).toBe(100)
    clock.advance(3_600_000)
    throttle.failed('192.0.2.1', undefined)
    expect(throttle.size).toBe(1)
  })
})

describe('credentials', () => {
  it('tell a key from a token, count what fails, and check nothing while locked', async () => {
    const { clock, throttle } = stage()
    const tokens = createTokens({ secret: 'a secret of thirty-two characters', leewayMs: 0, maxLifetimeMs: 0, clock })
    const asked: string[] = []
    const keys = {
      verify(key: string) {
        asked.push(key)
        return Promise.reject(new ServiceError('AUTH_FAILED'))
      },
    }
    const credentials = new Credentials({ tokens, keys, throttle })
    const address = '192.0.2.7'
    const token = tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: MINUTE })
    expect(credentials.verify(token, { address })).toMatchObject({ userId: 'ann' })
    expect(() => credentials.verify('', { address })).toThrow('no token was given')
    for (let guess = 0; guess < 5; guess++) await expect(credentials.verify(`csk_guess${guess}`, { address })).rejects.toThrow()
    for (let guess = 0; guess < 5; guess++) expect(() => credentials.verify(`${token}x`, { address })).toThrow('not signed')
    expect(() => credentials.verify('no-dots', { address, type: 'jwt' })).toThrow('not signed')
    expect(asked).toHaveLength(5)
    let told: unknown
    try {
      credentials.verify(token, { address })
    } catch (thrown) {
      told = thrown
    }
    expect(told).toMatchObject({ code: 'RATE_LIMITED', data: { retry_after_ms: MINUTE } })
    expect(credentials.verify(token, { address: '192.0.2.8' })).toMatchObject({ userId: 'ann' })
    clock.advance(MINUTE - 1)
    expect(() => credentials.verify(token, { address })).toThrow('too many failed logins')
  })
})

describe('two threads', () => {
  function pair() {
    const { clock, throttle } = stage()
    const far = stage()
    const rules = { leewayMs: 0, maxLifetimeMs: 0, clock }
    const tokens = createTokens({ secret: 'a secret of thirty-two characters', ...rules })
    const farTokens = createTokens({ ...tokens.secrets(), ...rules })
    throttle.onLocked((lock) => far.throttle.lock(lock))
    tokens.onRotated((secret, endsAtMs) => farTokens.rotate(secret, endsAtMs))
    const keys = { verify: (key: string): Identity => ({ userId: key, role: 'viewer', expiresAtMs: clock.wallMs() + MINUTE }) }
    const home = new Credentials({ tokens, keys, throttle })
    const asked: unknown[] = []
    const ask = async (credential: unknown, asking: Asking): Promise<Identity> => {
      asked.push(credential)
      return await home.verify(credential, asking)
    }
    return { clock, home, tokens, throttle, asked, there: new FarCredentials(farTokens, far.throttle, ask) }
  }
  const address = '192.0.2.7'

  it('check tokens each for itself, and keys in one place', async () => {
    const { tokens, there, asked } = pair()
    const token = tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: MINUTE })
    expect(there.verify(token, { address })).toMatchObject({ userId: 'ann' })
    expect(() => there.verify('', { address })).toThrow('no token was given')
    expect(asked).toEqual([])
    expect(await there.verify('csk_key', { address })).toMatchObject({ userId: 'csk_key' })
    expect(asked).toEqual(['csk_key'])
  })

  it('count each failure once, and are locked together', async () => {
    const { home, tokens, there } = pair()
    const token = tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: MINUTE })
    for (let guess = 0; guess < 5; guess++) await expect(there.verify(`${token}x`, { address })).rejects.toThrow('not signed')
    for (let guess = 0; guess < 5; guess++) expect(() => home.verify(`${token}x`, { address })).toThrow('not signed')
    expect(there.verify(token, { address })).toMatchObject({ userId: 'ann' })
    await expect(there.verify(`${token}x`, { address })).rejects.toThrow('not signed')
    for (const one of [home, there]) {
      expect(() => one.verify(token, { address })).toThrow(
        expect.objectContaining({ code: 'RATE_LIMITED', data: { retry_after_ms: MINUTE } }),
      )
    }
    expect(there.verify(token, { address: '192.0.2.8' })).toMatchObject({ userId: 'ann' })
  })

  it('turn to a new secret together, sessions that are open included', () => {
    const { clock, tokens, there } = pair()
    const token = tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: MINUTE })
    const session = there.verify(token, { address }) as Identity
    tokens.rotate('another secret of 32 characters..', clock.wallMs() + 5_000)
    expect(session.expiresAtMs).toBe(clock.wallMs() + 5_000)
    const next = tokens.sign({ userId: 'bob', role: 'viewer', lifetimeMs: MINUTE })
    expect(there.verify(next, { address })).toMatchObject({ userId: 'bob' })
    expect(tokens.secrets()).toEqual({
      secret: 'another secret of 32 characters..',
      previous: { secret: 'a secret of thirty-two characters', endsAtMs: clock.wallMs() + 5_000 },
    })
  })

  it('that begin later know the locks of before', () => {
    const { clock, throttle } = stage()
    for (let failure = 0; failure < 11; failure++) throttle.failed(address, undefined)
    clock.advance(10_000)
    expect(throttle.locks()).toEqual([{ name: `address ${address}`, forMs: MINUTE - 10_000 }])
    const later = stage()
    for (const lock of throttle.locks()) later.throttle.lock(lock)
    expect(later.wait(address)).toBe(MINUTE - 10_000)
    later.clock.advance(MINUTE)
    expect(later.wait(address)).toBe(0)
  })
})

function stage(options: Partial<LoginThrottleOptions> = {}) {
  const clock = new FakeClock()
  const limits = { burst: 10, windowMs: 2 * MINUTE, lockMs: MINUTE, maxLockMs: 15 * MINUTE, exempt: ['127.0.0.0/8', '::1'] }
  const throttle = new LoginThrottle({ ...limits, clock, ...options })
  const wait = (address: string, subject?: string): number => {
    try {
      throttle.demand(address, typeof subject === 'string' ? subject : undefined)
      return 0
    } catch (thrown) {
      return thrown instanceof ServiceError ? Number(thrown.data.retry_after_ms) : Number.NaN
    }
  }
  return { clock, throttle, wait }
}
