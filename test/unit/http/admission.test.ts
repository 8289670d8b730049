import { describe, expect, it } from 'vitest'
import { Admission } from '../../../src/http/admission.js'

const LIMITS = { maxConnections: 5, maxAnonymous: 3, maxAnonymousPerAddress: 2 }

describe('admission', () => {
  it('limits connections in all', () => {
    const admission = new Admission(LIMITS)
    for (let count = 0; count < 5; count++) {
      admission.opened('192.0.2.1')
      admission.loggedIn('192.0.2.1')
    }
    expect(admission.refusal('192.0.2.1')).toEqual({
      status: '503 Service Unavailable',
      text: 'Maximum connections reached',
      headers: { 'Retry-After': expect.any(String) },
    })
    admission.closed('192.0.2.1', true)
    expect(admission.refusal('192.0.2.1')).toBeUndefined()
  })

  it('limits those without login, in all', () => {
    const admission = new Admission(LIMITS)
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) admission.opened(address)
    expect(admission.refusal('192.0.2.4')?.status).toBe('503 Service Unavailable')
    admission.loggedIn('192.0.2.1')
    expect(admission.refusal('192.0.2.4')).toBeUndefined()
  })

  it('limits those without login from one address', () => {
    const admission = new Admission(LIMITS)
    admission.opened('192.0.2.1')
    admission.opened('192.0.2.1')
    expect(admission.refusal('192.0.2.1')?.status).toBe('429 Too Many Requests')
    expect(admission.refusal('192.0.2.2')).toBeUndefined()
    admission.closed('192.0.2.1', false)
    expect(admission.refusal('192.0.2.1')).toBeUndefined()
  })

  it.each(['127.0.0.1', '0000:0000:0000:0000:0000:0000:0000:0001', '0000:0000:0000:0000:0000:ffff:7f00:0001'])(
    'exempts loopback: %s',
    (address) => {
      const admission = new Admission(LIMITS)
      admission.opened(address)
      admission.opened(address)
      expect(admission.refusal(address)).toBeUndefined()
    },
  )
})
