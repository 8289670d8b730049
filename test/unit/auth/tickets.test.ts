import { describe, expect, it } from 'vitest'
import { type Identity, Tickets } from '../../../src/auth/index.js'

const ANN: Identity = { userId: 'ann', role: 'viewer', expiresAtMs: 1e15 }

function tickets(max?: number) {
  const clock = { now: 0, nowMs: () => clock.now }
  return { clock, tickets: new Tickets({ clock, lifetimeMs: 60_000, ...(max === undefined ? {} : { max }) }) }
}

describe('tickets', () => {
  it('grant what they were issued for, to whom they were issued', () => {
    const { tickets: open } = tickets()
    const { ticket, lifetimeMs } = open.issue({ purpose: 'a', once: false, identity: ANN })
    expect(lifetimeMs).toBe(60_000)
    expect(ticket).toMatch(/^[\w-]{32}$/)
    expect(open.redeem(ticket, 'a')).toEqual({ identity: ANN })
    expect(open.redeem(ticket, 'a')).toEqual({ identity: ANN })
    expect(open.redeem(ticket, 'b')).toBeUndefined()
    expect(open.redeem(ticket, 'a')).toBeDefined()
  })

  it('for one use are gone with it, and not with an attempt at something else', () => {
    const { tickets: open } = tickets()
    const { ticket } = open.issue({ purpose: 'a', once: true })
    expect(open.redeem(ticket, 'b')).toBeUndefined()
    expect(open.redeem(ticket, 'a')).toEqual({ identity: undefined })
    expect(open.redeem(ticket, 'a')).toBeUndefined()
  })

  it('end', () => {
    const { clock, tickets: open } = tickets()
    const { ticket } = open.issue({ purpose: 'a', once: false })
    clock.now = 59_999
    expect(open.redeem(ticket, 'a')).toBeDefined()
    clock.now = 60_000
    expect(open.redeem(ticket, 'a')).toBeUndefined()
  })

  it('are refused while too many are open, so that nobody loses one to another', () => {
    const { clock, tickets: open } = tickets(2)
    const { ticket } = open.issue({ purpose: 'a', once: false })
    open.issue({ purpose: 'a', once: false })
    expect(() => open.issue({ purpose: 'b', once: false })).toThrow('too many tickets are open')
    expect(open.redeem(ticket, 'a')).toBeDefined()
    clock.now = 60_000
    expect(() => open.issue({ purpose: 'b', once: false })).not.toThrow()
  })
})
