import { describe, expect, it } from 'vitest'
import { type Admission, type AdmissionLimits, OwnAdmission } from '../../../src/http/admission.js'
import { ConnectionCounts } from '../../../src/http/connection-counts.js'

const LIMITS = { maxConnections: 5, maxAnonymous: 3, maxAnonymousPerAddress: 2, exemptAddresses: ['127.0.0.0/8', '::1'] }

/** Two that have to agree: those of one thread are the same one. */
type Pair = readonly [Admission, Admission]

function own(limits: AdmissionLimits): Pair {
  const admission = new OwnAdmission(limits)
  return [admission, admission]
}

function shared(limits: AdmissionLimits): Pair {
  const here = new ConnectionCounts({ rows: 2, seed: 12_345 })
  const there = new ConnectionCounts(here.buffer)
  return [here.admission(0, limits), there.admission(1, limits)]
}

describe.each([
  ['of one thread', own],
  ['of two threads', shared],
])('admission %s', (_name, pairOf) => {
  it('limits connections in all', () => {
    const [first, second] = pairOf(LIMITS)
    for (let count = 0; count < 5; count++) {
      const each = count % 2 === 0 ? first : second
      expect(each.admit('192.0.2.1')).toBeUndefined()
      each.loggedIn('192.0.2.1')
    }
    expect(first.admit('192.0.2.1')).toEqual({
      status: '503 Service Unavailable',
      text: 'Maximum connections reached',
      headers: { 'Retry-After': expect.any(String) },
    })
    second.closed('192.0.2.1', true)
    expect(first.admit('192.0.2.1')).toBeUndefined()
  })

  it('limits those without login, in all', () => {
    const [first, second] = pairOf(LIMITS)
    expect([first.admit('192.0.2.1'), second.admit('192.0.2.2'), first.admit('192.0.2.3')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(second.admit('192.0.2.4')?.status).toBe('503 Service Unavailable')
    first.loggedIn('192.0.2.1')
    expect(second.admit('192.0.2.4')).toBeUndefined()
  })

  it('limits those without login from one address', () => {
    const [first, second] = pairOf(LIMITS)
    first.admit('192.0.2.1')
    second.admit('192.0.2.1')
    expect(first.admit('192.0.2.1')?.status).toBe('429 Too Many Requests')
    expect(first.admit('192.0.2.2')).toBeUndefined()
    second.closed('192.0.2.1', false)
    expect(first.admit('192.0.2.1')).toBeUndefined()
  })

  it('counts nobody who was refused', () => {
    const [first, second] = pairOf({ ...LIMITS, maxConnections: 1 })
    first.admit('192.0.2.1')
    for (let count = 0; count < 9; count++) second.admit('192.0.2.1')
    first.closed('192.0.2.1', false)
    expect(second.admit('192.0.2.1')).toBeUndefined()
  })

  it('takes a network of IPv6 for one address', () => {
    const [first, second] = pairOf(LIMITS)
    first.admit('2001:0db8:0000:0001:0000:0000:0000:0001')
    second.admit('2001:0db8:0000:0001:ffff:0000:0000:0002')
    expect(first.admit('2001:0db8:0000:0001:0000:0000:0000:0003')?.status).toBe('429 Too Many Requests')
    expect(second.admit('2001:0db8:0000:0002:0000:0000:0000:0003')).toBeUndefined()
  })

  it.each(['127.0.0.1', '0000:0000:0000:0000:0000:0000:0000:0001', '0000:0000:0000:0000:0000:ffff:7f00:0001'])(
    'exempts loopback: %s',
    (address) => {
      const [first, second] = pairOf(LIMITS)
      first.admit(address)
      second.admit(address)
      expect(first.admit(address)).toBeUndefined()
    },
  )
})

describe('counts of several threads', () => {
  it('are without those of a thread that died', () => {
    const counts = new ConnectionCounts({ rows: 2, seed: 1 })
    const [here, there] = [counts.admission(0, LIMITS), counts.admission(1, LIMITS)]
    here.admit('192.0.2.1')
    there.admit('192.0.2.1')
    there.admit('192.0.2.2')
    counts.held(1, 5_000_000)
    expect([counts.connections, here.connections, there.connections]).toEqual([3, 1, 2])
    counts.wipe(1)
    expect([counts.connections, here.connections, there.connections]).toEqual([1, 1, 0])
    expect(counts.held(0, 1024)).toBe(1024)
    expect([there.admit('192.0.2.1'), there.admit('192.0.2.2')]).toEqual([undefined, undefined])
  })

  it('add up what is held, and number clients once', () => {
    const counts = new ConnectionCounts({ rows: 2, seed: 1 })
    const other = new ConnectionCounts(counts.buffer)
    counts.held(0, 2048)
    expect(other.held(1, 1)).toBe(3072)
    expect([counts.nextClient(), other.nextClient(), counts.nextClient()]).toEqual([1, 2, 3])
  })
})
