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
    const { ticket, lifetimeMs } = open.issue({ purpose: 'a', holder: 'ann', once: false, identity: ANN })
    expect(lifetimeMs).toBe(60_000)
    expect(ticket).toMatch(/^[\w-]{32}$/)
    expect(open.redeem(ticket, 'a')).toEqual({ identity: ANN })
    expect(open.redeem(ticket, 'a')).toEqual({ identity: ANN })
    expect(open.redeem(ticket, 'b')).toBeUndefined()
    expect(open.redeem(ticket, 'a')).toBeDefined()
  })

  it('for one use are gone with it, and not with an attempt at something else', () => {
    const { tickets: open } = tickets()
    const { ticket } = open.issue({ purpose: 'a', holder: 'ann', once: true })
    expect(open.redeem(ticket, 'b')).toBeUndefined()
    expect(open.redeem(ticket, 'a')).toEqual({ identity: undefined })
    expect(open.redeem(ticket, 'a')).toBeUndefined()
  })

  it('end', () => {
    const { clock, tickets: open } = tickets()
    const { ticket } = open.issue({ purpose: 'a', holder: 'ann', once: false })
    clock.now = 59_999
    expect(open.redeem(ticket, 'a')).toBeDefined()
    clock.now = 60_000
    expect(open.redeem(ticket, 'a')).toBeUndefined()
  })

  it('are refused while too many are open, so that nobody loses one to another', () => {
    const { clock, tickets: open } = tickets(2)
    const { ticket } = open.issue({ purpose: 'a', holder: 'ann', once: false })
    open.issue({ purpose: 'a', holder: 'ann', once: false })
    expect(() => open.issue({ purpose: 'b', holder: 'ann', once: false })).toThrow('too many tickets are open')
    expect(open.redeem(ticket, 'a')).toBeDefined()
    clock.now = 60_000
    expect(() => open.issue({ purpose: 'b', holder: 'ann', once: false })).not.toThrow()
  })

  it('are shared out: one holder has its part, and takes nothing of the others', () => {
    const clock = { now: 0, nowMs: () => clock.now }
    const open = new Tickets({ clock, lifetimeMs: 60_000, max: 100, maxPerHolder: 2 })
    const wish = (holder: string, once = false) => ({ purpose: 'a', holder, once })
    const { ticket } = open.issue(wish('ann', true))
    open.issue(wish('ann'))
    expect(() => open.issue(wish('ann'))).toThrow('too many tickets of yours are open: at most 2 at once')
    expect(() => open.issue(wish('bob'))).not.toThrow()
    // One that was used up makes room for another, and one that ended.
    expect(open.redeem(ticket, 'a')).toBeDefined()
    expect(() => open.issue(wish('ann'))).not.toThrow()
    expect(() => open.issue(wish('ann'))).toThrow('too many')
    clock.now = 60_000
    expect(() => open.issue(wish('ann'))).not.toThrow()
    expect(() => open.issue(wish('ann'))).not.toThrow()
    expect(() => open.issue(wish('ann'))).toThrow('too many')
  })

  it('leave most of the room to others by default', () => {
    const { tickets: open } = tickets()
    for (let count = 0; count < 256; count += 1) open.issue({ purpose: 'a', holder: 'ann', once: false })
    expect(() => open.issue({ purpose: 'a', holder: 'ann', once: false })).toThrow('at most 256')
    expect(() => open.issue({ purpose: 'a', holder: 'bob', once: false })).not.toThrow()
  })
})
