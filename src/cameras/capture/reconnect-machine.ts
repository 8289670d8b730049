/**
 * The states of one camera's capture (usb-camera-server §7): what happens next, given what happened. Pure: the caller opens, closes
 * and waits as the actions say, and tells what came of it.
 *
 *     disabled → opening → streaming ⇄ stalled        idle: on demand, and nobody wants frames
 *                   ↓           ↓
 *                waiting ←── lost, failed    waiting → given_up when attempts are exhausted
 */

import type { NativeErrorCode } from '../../native/index.js'

export type Phase = 'disabled' | 'idle' | 'opening' | 'streaming' | 'stalled' | 'waiting' | 'given_up'

export interface Machine {
  readonly phase: Phase
  readonly enabled: boolean
  readonly wanted: boolean
  /** The camera is plugged in and can be opened. */
  readonly present: boolean
  /** Failed attempts since frames came last. */
  readonly attempts: number
  /** Of these, refusals in a row that time may cure: another owner, no bandwidth. */
  readonly refusals: number
  /** Failed opens and failed streams, ever. */
  readonly connectionErrors: number
  /** Something failed or was lost since frames came last: the next frames are a reconnect. */
  readonly recovering: boolean
}

export interface Rules {
  readonly autoReconnect: boolean
  readonly intervalMs: number
  /** 0: no limit. */
  readonly maxAttempts: number
  /** A camera that comes back is told. */
  readonly hotplug: boolean
}

export type MachineEvent =
  | { readonly type: 'enabled' | 'disabled' | 'wanted' | 'unwanted' }
  /** The camera can be opened, anew or again; it is gone or cannot be opened. */
  | { readonly type: 'appeared' | 'vanished' }
  /** Somebody asks for a try now. */
  | { readonly type: 'asked' | 'restart' }
  | { readonly type: 'reconfigured'; readonly reopen: boolean }
  /** The first good frame of an open device; frames stopped for too long; they came again. */
  | { readonly type: 'delivering' | 'stalled' | 'recovered' }
  /** The device could not be opened or its stream ended; it is closed. */
  | { readonly type: 'failed'; readonly code: NativeErrorCode }
  /** The pause is over. */
  | { readonly type: 'due' }

/**
 * `open` also changes an open device to a new mode; `reopen` closes an open device first, and who waits for frames waits on. Only one
 * pause runs: each action but `close` ends the one before.
 */
export type Action =
  | { readonly type: 'open' | 'reopen' | 'close' | 'rest' }
  | { readonly type: 'pause'; readonly delayMs: number }

export interface Step {
  readonly machine: Machine
  readonly actions: readonly Action[]
}

/** Longest pause between attempts on a camera that another program holds, or that lacks bandwidth, unless the interval is longer. */
const MAX_REFUSED_PAUSE_MS = 60_000

const OPEN: Action = { type: 'open' }
const REOPEN: Action = { type: 'reopen' }
const CLOSE: Action = { type: 'close' }
/** No pause runs any more. */
const REST: Action = { type: 'rest' }

export const INITIAL: Machine = {
  phase: 'idle',
  enabled: true,
  wanted: false,
  present: false,
  attempts: 0,
  refusals: 0,
  connectionErrors: 0,
  recovering: false,
}

/** The device is open, or being opened. */
export function isOpen({ phase }: Machine): boolean {
  return phase === 'opening' || phase === 'streaming' || phase === 'stalled'
}

export function step(machine: Machine, event: MachineEvent, rules: Rules): Step {
  switch (event.type) {
    case 'enabled':
      return machine.enabled ? stay(machine) : pursue({ ...afresh(machine), enabled: true }, rules)
    case 'disabled':
      return leave({ ...afresh(machine), enabled: false }, 'disabled')
    case 'wanted':
      return machine.phase === 'idle' ? pursue({ ...machine, wanted: true }, rules) : stay({ ...machine, wanted: true })
    case 'unwanted':
      return machine.phase === 'waiting' || isOpen(machine)
        ? leave({ ...afresh(machine), wanted: false }, 'idle')
        : stay({ ...machine, wanted: false })
    case 'appeared':
      return appeared({ ...machine, present: true }, rules)
    case 'vanished':
      return vanished(machine, rules)
    case 'asked':
      // Who asks knows something new: the pause after a refusal begins anew with the interval.
      return machine.phase === 'waiting' || machine.phase === 'given_up' ? attempt({ ...machine, refusals: 0 }) : stay(machine)
    case 'restart':
      if (!machine.enabled || machine.phase === 'idle') return stay(machine)
      return isOpen(machine) ? to(afresh(machine), 'opening', REOPEN) : pursue(afresh(machine), rules)
    case 'reconfigured':
      if (isOpen(machine)) return event.reopen ? to(afresh(machine), 'opening', OPEN) : stay(machine)
      return machine.phase === 'waiting' || machine.phase === 'given_up' ? pursue(afresh(machine), rules) : stay(machine)
    case 'delivering':
      return machine.phase === 'opening' ? to({ ...afresh(machine), recovering: false }, 'streaming') : stay(machine)
    case 'stalled':
      return machine.phase === 'streaming' ? to(machine, 'stalled') : stay(machine)
    case 'recovered':
      return machine.phase === 'stalled' ? to(machine, 'streaming') : stay(machine)
    case 'failed':
      return failed(machine, event.code, rules)
    case 'due':
      return due(machine, rules)
  }
}

function appeared(machine: Machine, rules: Rules): Step {
  if (machine.phase === 'waiting') return attempt(machine)
  return machine.phase === 'given_up' ? pursue(afresh(machine), rules) : stay(machine)
}

/** Absence is no attempt: nothing is counted while the camera is away. */
function vanished(machine: Machine, rules: Rules): Step {
  const away = { ...machine, present: false, recovering: machine.recovering || isOpen(machine) }
  if (machine.phase === 'streaming' || machine.phase === 'stalled') {
    const lost = { ...away, connectionErrors: away.connectionErrors + 1 }
    return rules.autoReconnect ? pursue(lost, rules) : to(lost, 'given_up')
  }
  return machine.phase === 'opening' || machine.phase === 'waiting' ? pursue(away, rules) : stay(away)
}

function failed(machine: Machine, code: NativeErrorCode, rules: Rules): Step {
  if (!isOpen(machine)) return stay(machine)
  if (code === 'CAMERA_GONE') return vanished(machine, rules)
  if (machine.phase === 'opening') return attemptFailed(machine, code, rules)
  const lost = { ...machine, connectionErrors: machine.connectionErrors + 1, recovering: true }
  if (!rules.autoReconnect) return to(lost, 'given_up')
  // A stall was cured in place to no avail: the device is closed, and opened anew without delay.
  return code === 'STALLED' ? to(lost, 'opening', OPEN) : pauseFor(lost, code, rules)
}

function attemptFailed(machine: Machine, code: NativeErrorCode, rules: Rules): Step {
  const counted = {
    ...machine,
    attempts: machine.attempts + 1,
    connectionErrors: machine.connectionErrors + 1,
    recovering: true,
  }
  const exhausted = rules.maxAttempts > 0 && counted.attempts >= rules.maxAttempts
  return exhausted || !rules.autoReconnect ? to(counted, 'given_up', REST) : pauseFor(counted, code, rules)
}

function pauseFor(machine: Machine, code: NativeErrorCode, rules: Rules): Step {
  const refusals = code === 'CAMERA_BUSY' || code === 'NO_BANDWIDTH' ? machine.refusals + 1 : 0
  const doubled = rules.intervalMs * 2 ** Math.min(Math.max(refusals - 1, 0), 30)
  const delayMs = Math.max(rules.intervalMs, Math.min(MAX_REFUSED_PAUSE_MS, doubled))
  return to({ ...machine, refusals }, 'waiting', { type: 'pause', delayMs })
}

function due(machine: Machine, rules: Rules): Step {
  if (machine.phase !== 'waiting') return stay(machine)
  if (machine.present) return attempt(machine)
  return rules.hotplug ? stay(machine) : attemptFailed(machine, 'CAMERA_GONE', rules)
}

function attempt(machine: Machine): Step {
  return machine.present && machine.wanted ? to(machine, 'opening', OPEN) : stay(machine)
}

/** Towards frames as far as it goes; the device is not open. */
function pursue(machine: Machine, rules: Rules): Step {
  if (!machine.enabled) return to(machine, 'disabled', REST)
  if (!machine.wanted) return to(machine, 'idle', REST)
  if (machine.present) return to(machine, 'opening', OPEN)
  return to(machine, 'waiting', rules.hotplug ? REST : { type: 'pause', delayMs: rules.intervalMs })
}

function leave(machine: Machine, phase: Phase): Step {
  return to(machine, phase, isOpen(machine) ? CLOSE : REST)
}

/** Failures so far count no more. */
function afresh(machine: Machine): Machine {
  return { ...machine, attempts: 0, refusals: 0 }
}

function stay(machine: Machine): Step {
  return { machine, actions: [] }
}

function to(machine: Machine, phase: Phase, ...actions: readonly Action[]): Step {
  return { machine: { ...machine, phase }, actions }
}
