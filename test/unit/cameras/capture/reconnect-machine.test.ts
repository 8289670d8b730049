import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  INITIAL,
  isOpen,
  type Machine,
  type MachineEvent,
  type Rules,
  step,
} from '../../../../src/cameras/capture/reconnect-machine.js'

const RULES: Rules = { autoReconnect: true, intervalMs: 5_000, maxAttempts: 10, hotplug: true }
const CODES = ['IO', 'CAMERA_BUSY', 'NO_BANDWIDTH', 'NO_PERMISSION', 'STALLED', 'TIMEOUT', 'CAMERA_GONE'] as const

const event: fc.Arbitrary<MachineEvent> = fc.oneof(
  fc.constantFrom<MachineEvent>(
    { type: 'enabled' },
    { type: 'disabled' },
    { type: 'wanted' },
    { type: 'unwanted' },
    { type: 'appeared' },
    { type: 'vanished' },
    { type: 'asked' },
    { type: 'restart' },
    { type: 'delivering' },
    { type: 'stalled' },
    { type: 'recovered' },
    { type: 'due' },
  ),
  fc.boolean().map((reopen): MachineEvent => ({ type: 'reconfigured', reopen })),
  fc.constantFrom(...CODES).map((code): MachineEvent => ({ type: 'failed', code })),
)
const rules: fc.Arbitrary<Rules> = fc.record({
  autoReconnect: fc.boolean(),
  intervalMs: fc.integer({ min: 100, max: 3_600_000 }),
  maxAttempts: fc.integer({ min: 0, max: 4 }),
  hotplug: fc.boolean(),
})

/** What the caller does with the actions: the device it holds and the pause that runs. */
class Caller {
  machine: Machine = INITIAL
  held = false
  pauseMs: number | undefined
  readonly #rules: Rules

  constructor(given: Rules) {
    this.#rules = given
  }

  take(given: MachineEvent): void {
    // These come of an open device and of a pause that runs, and nowhere else.
    if (given.type === 'due') {
      if (this.pauseMs === undefined) return
      this.pauseMs = undefined
    }
    if (['failed', 'delivering', 'stalled', 'recovered'].includes(given.type) && !this.held) return
    if (given.type === 'failed' || given.type === 'vanished') this.held = false
    const { machine, actions } = step(this.machine, given, this.#rules)
    this.machine = machine
    for (const action of actions) {
      if (action.type !== 'close') this.pauseMs = undefined
      if (action.type === 'open' || action.type === 'reopen') this.held = true
      if (action.type === 'close') this.held = false
      if (action.type === 'pause') this.pauseMs = action.delayMs
    }
  }
}

function run(given: Rules, ...events: readonly MachineEvent[]): Caller {
  const caller = new Caller(given)
  for (const one of events) caller.take(one)
  return caller
}

const WANTED: MachineEvent[] = [{ type: 'wanted' }, { type: 'appeared' }]
const failed = (code: (typeof CODES)[number]): MachineEvent => ({ type: 'failed', code })
const DUE: MachineEvent = { type: 'due' }
const DELIVERING: MachineEvent = { type: 'delivering' }

describe('the states of a capture, whatever happens in whatever order', () => {
  const always = (holds: (caller: Caller, given: Rules, before: Machine, last: MachineEvent) => void): void => {
    fc.assert(
      fc.property(rules, fc.array(event, { maxLength: 60 }), (given, events) => {
        const caller = new Caller(given)
        for (const one of events) {
          const before = caller.machine
          caller.take(one)
          holds(caller, given, before, one)
        }
      }),
      { numRuns: 2_000 },
    )
  }

  it('hold the device exactly while they say so, and never one that is away', () => {
    always(({ machine, held }) => {
      expect(held).toBe(isOpen(machine))
      if (held) expect(machine.present && machine.wanted && machine.enabled).toBe(true)
    })
  })

  it('wait with a pause that ends, or for hotplug', () => {
    always(({ machine, pauseMs }, given) => {
      if (pauseMs !== undefined) expect(machine.phase).toBe('waiting')
      if (machine.phase === 'waiting' && (machine.present || !given.hotplug)) expect(pauseMs).toBeGreaterThan(0)
      if (machine.phase === 'waiting' && !machine.present && given.hotplug) expect(pauseMs).toBeUndefined()
      if (pauseMs !== undefined) {
        expect(pauseMs).toBeGreaterThanOrEqual(given.intervalMs)
        expect(pauseMs).toBeLessThanOrEqual(Math.max(given.intervalMs, 60_000))
      }
    })
  })

  it('count no failure twice and none back, and nothing while the camera is away', () => {
    always(({ machine }, given, before, last) => {
      const errors = machine.connectionErrors - before.connectionErrors
      expect(errors === 0 || errors === 1).toBe(true)
      if (!before.present && given.hotplug) {
        expect(errors).toBe(0)
        expect(machine.attempts).toBeLessThanOrEqual(before.attempts)
      }
      if (errors === 1) expect(['failed', 'vanished', 'due']).toContain(last.type)
      if (machine.phase === 'streaming' || machine.phase === 'stalled') expect(machine.attempts).toBe(0)
    })
  })

  it('give up after as many attempts as allowed, and at once when there is to be no reconnect', () => {
    always(({ machine }, given, before) => {
      if (given.maxAttempts > 0) expect(machine.attempts).toBeLessThanOrEqual(Math.max(given.maxAttempts, before.attempts + 1))
      if (given.autoReconnect && given.maxAttempts === 0) expect(machine.phase).not.toBe('given_up')
      const failedNow = machine.attempts > before.attempts
      if (failedNow && given.maxAttempts > 0 && machine.attempts >= given.maxAttempts) expect(machine.phase).toBe('given_up')
      if (failedNow && !given.autoReconnect) expect(machine.phase).toBe('given_up')
    })
  })

  it('leave "given up" only for hotplug, a restart, another configuration, a try asked for, or a switch', () => {
    always(({ machine }, _given, before, last) => {
      if (before.phase !== 'given_up' || machine.phase === 'given_up') return
      expect(['appeared', 'restart', 'reconfigured', 'asked', 'disabled']).toContain(last.type)
    })
  })

  it('come to frames whatever was before, once the camera is there, wanted and restarted', () => {
    fc.assert(
      fc.property(rules, fc.array(event, { maxLength: 60 }), (given, events) => {
        const caller = run(given, ...events, { type: 'enabled' }, ...WANTED, { type: 'restart' }, DELIVERING)
        expect(caller.machine).toMatchObject({ phase: 'streaming', attempts: 0, recovering: false })
      }),
    )
  })
})

describe('the states of a capture', () => {
  it('go through opening to streaming, and to idle when nobody wants frames', () => {
    expect(run(RULES, { type: 'wanted' }).machine.phase).toBe('waiting')
    expect(run(RULES, ...WANTED).machine.phase).toBe('opening')
    expect(run(RULES, ...WANTED, DELIVERING).machine.phase).toBe('streaming')
    expect(run(RULES, ...WANTED, DELIVERING, { type: 'unwanted' }).machine.phase).toBe('idle')
    expect(run(RULES, { type: 'appeared' }, { type: 'disabled' }, { type: 'wanted' }).machine.phase).toBe('disabled')
  })

  it('give up after the tenth failure, and come back by hotplug and by restart with the count begun anew', () => {
    const tenth = [...WANTED, ...Array.from({ length: 9 }, () => [failed('IO'), DUE]).flat(), failed('IO')]
    const exhausted = run(RULES, ...tenth)
    expect(exhausted.machine).toMatchObject({ phase: 'given_up', attempts: 10, connectionErrors: 10 })
    expect(run(RULES, ...tenth.slice(0, -1)).machine.phase).toBe('opening')
    for (const cure of [{ type: 'restart' }, { type: 'appeared' }, { type: 'reconfigured', reopen: false }] as const) {
      const cured = run(RULES, ...tenth, cure)
      expect(cured.machine, cure.type).toMatchObject({ phase: 'opening', attempts: 0 })
    }
  })

  it('double the pause for a busy camera and for want of bandwidth up to a minute, and not for others', () => {
    const pauses = (code: (typeof CODES)[number]): (number | undefined)[] => {
      const caller = run({ ...RULES, maxAttempts: 0 }, ...WANTED)
      return Array.from({ length: 6 }, () => {
        caller.take(failed(code))
        const { pauseMs } = caller
        caller.take(DUE)
        return pauseMs
      })
    }
    expect(pauses('CAMERA_BUSY')).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
    expect(pauses('NO_BANDWIDTH')).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
    expect(pauses('IO')).toEqual([5_000, 5_000, 5_000, 5_000, 5_000, 5_000])
    // Somebody asked in between: its owner let go, or a client came.
    const asked = run(
      RULES,
      ...WANTED,
      failed('CAMERA_BUSY'),
      DUE,
      failed('CAMERA_BUSY'),
      { type: 'asked' },
      failed('CAMERA_BUSY'),
    )
    expect(asked.pauseMs).toBe(5_000)
    const slow = run({ ...RULES, intervalMs: 600_000 }, ...WANTED, failed('CAMERA_BUSY'))
    expect(slow.pauseMs).toBe(600_000)
  })

  it('open a stalled device anew without a pause, and a failed one after it', () => {
    expect(run(RULES, ...WANTED, DELIVERING, { type: 'stalled' }).machine.phase).toBe('stalled')
    expect(run(RULES, ...WANTED, DELIVERING, { type: 'stalled' }, { type: 'recovered' }).machine.phase).toBe('streaming')
    const reopened = run(RULES, ...WANTED, DELIVERING, { type: 'stalled' }, failed('STALLED'))
    expect(reopened.machine).toMatchObject({ phase: 'opening', attempts: 0, connectionErrors: 1 })
    const lost = run(RULES, ...WANTED, DELIVERING, failed('IO'))
    expect(lost.machine).toMatchObject({ phase: 'waiting', attempts: 0, connectionErrors: 1, recovering: true })
    expect(lost.pauseMs).toBe(5_000)
  })

  it('wait for an unplugged camera without counting, and open it when it is back', () => {
    const away = run(RULES, ...WANTED, DELIVERING, { type: 'vanished' })
    expect(away.machine).toMatchObject({ phase: 'waiting', attempts: 0, connectionErrors: 1 })
    expect(away.pauseMs).toBeUndefined()
    away.take({ type: 'appeared' })
    away.take(DELIVERING)
    expect(away.machine).toMatchObject({ phase: 'streaming', connectionErrors: 1 })
    // A start that finds the camera gone is no attempt either.
    expect(run(RULES, ...WANTED, failed('CAMERA_GONE')).machine).toMatchObject({ phase: 'waiting', connectionErrors: 0 })
  })

  it('count attempts on a camera that is away where nobody tells of plugging', () => {
    const blind = run({ ...RULES, hotplug: false, maxAttempts: 2 }, { type: 'wanted' })
    expect(blind.pauseMs).toBe(5_000)
    blind.take(DUE)
    expect(blind.machine).toMatchObject({ phase: 'waiting', attempts: 1 })
    blind.take(DUE)
    expect(blind.machine.phase).toBe('given_up')
    blind.take({ type: 'appeared' })
    expect(blind.machine.phase).toBe('opening')
  })

  it('close and open for a restart, and only open for another mode', () => {
    const { machine } = run(RULES, ...WANTED, DELIVERING)
    expect(step(machine, { type: 'restart' }, RULES).actions.map(({ type }) => type)).toEqual(['reopen'])
    expect(step(machine, { type: 'reconfigured', reopen: true }, RULES).actions.map(({ type }) => type)).toEqual(['open'])
    expect(step(machine, { type: 'reconfigured', reopen: false }, RULES).actions).toEqual([])
  })
})
