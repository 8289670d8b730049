import { describe, expect, it } from 'vitest'
import { demandPlace, type Identity, isLocalPeer } from '../../../src/auth/index.js'

describe('a client of this machine', () => {
  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', '0000:0000:0000:0000:0000:0000:0000:0001'])(
    'comes from %s',
    (address) => expect(isLocalPeer(address, ['host', 'authorization'])).toBe(true),
  )

  it.each([
    '192.168.1.4',
    '10.0.0.1',
    '::ffff:10.0.0.1',
    'fe80::1',
    '',
    'localhost',
    '127.0.0.256',
    '127.0.0.1.5',
    '127.0.0',
    '128.0.0.1',
    '::1:2',
    '::2',
    'x::1',
  ])('does not come from %j', (address) => expect(isLocalPeer(address, [])).toBe(false))

  it.each(['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])('is none when a proxy says %s', (header) =>
    expect(isLocalPeer('127.0.0.1', ['host', header])).toBe(false),
  )
})

describe('the place a token is for', () => {
  const identity: Identity = { userId: 'first-start', role: 'admin', expiresAtMs: 0, localOnly: true }

  it('is asked for only when the token names one', () => {
    expect(demandPlace(identity, true)).toBe(identity)
    expect(demandPlace({ userId: 'ann', role: 'admin', expiresAtMs: 0 }, false).userId).toBe('ann')
    expect(() => demandPlace(identity, false)).toThrow(expect.objectContaining({ code: 'AUTH_FAILED' }))
  })
})
