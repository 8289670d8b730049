/** Controls as a native core tells them, and a core that has some: what is set is there afterwards. */

import type { ControlResult, ControlWish, Core, DeviceControl } from '../../src/native/index.js'

export function control(overrides: Partial<DeviceControl> = {}): DeviceControl {
  return {
    id: 0x00980900,
    name: 'Brightness',
    type: 'integer',
    flags: [],
    minimum: -64,
    maximum: 64,
    step: 1,
    defaultValue: 0,
    value: 0,
    ...overrides,
  }
}

export const AUTO_GAIN = control({
  id: 0x00980912,
  name: 'Gain, Automatic',
  type: 'boolean',
  flags: ['update'],
  minimum: 0,
  maximum: 1,
  defaultValue: 1,
  value: 1,
})
export const GAIN = control({ id: 0x00980913, name: 'Gain', flags: ['inactive'], minimum: 0, maximum: 100, defaultValue: 50 })
export const POWER_LINE = control({
  id: 0x00980918,
  name: 'Power Line Frequency',
  type: 'menu',
  minimum: 0,
  maximum: 2,
  menu: [
    { value: 0, label: 'Disabled' },
    { value: 2, label: '60 Hz' },
  ],
})
export const PAN = control({ id: 0x009a0908, name: 'Pan, Absolute', minimum: -3600, maximum: 3600 })
export const ZOOM_SPEED = control({ id: 0x009a090f, name: 'Zoom, Continuous', flags: ['write-only'] })

/** The last outcome of `outcomes` for an id wins over what would happen. */
export class ControlCore implements Pick<Core, 'probeControls' | 'setControls'> {
  controls: DeviceControl[]
  readonly outcomes = new Map<number, ControlResult['outcome']>()
  readonly calls: string[] = []
  /** Rejects the next call with this. */
  failure: Error | undefined
  /** What each call waits for. */
  gate: Promise<void> = Promise.resolve()

  constructor(controls: readonly DeviceControl[] = [control(), AUTO_GAIN, GAIN, POWER_LINE, PAN, ZOOM_SPEED]) {
    this.controls = [...controls]
  }

  async probeControls(source: string): Promise<DeviceControl[]> {
    await this.#enter(`list ${source}`)
    return this.controls
  }

  async setControls(source: string, wishes: readonly ControlWish[]): Promise<ControlResult[]> {
    await this.#enter(`set ${source} ${wishes.map(({ id, value }) => `${this.#name(id)}=${value}`).join(' ')}`)
    return wishes.map((wish) => this.#set(wish))
  }

  valueOf(id: number): number | string | undefined {
    return this.controls.find((one) => one.id === id)?.value
  }

  #set({ id, value }: ControlWish): ControlResult {
    const known = this.controls.find((one) => one.id === id)
    if (known === undefined) return { id, outcome: 'unknown', errno: 22, inactive: false }
    const outcome = this.outcomes.get(id)
    const isSet = outcome === undefined || outcome === 'applied' || outcome === 'clamped'
    const clamped = typeof value === 'number' ? Math.min(Math.max(value, Number(known.minimum)), Number(known.maximum)) : value
    if (isSet) this.#change(id, { value: clamped })
    if (isSet && id === AUTO_GAIN.id) this.#change(GAIN.id, { flags: value === 1 ? ['inactive'] : [] })
    const now = this.controls.find((one) => one.id === id)
    return {
      id,
      outcome: outcome ?? (clamped === value ? 'applied' : 'clamped'),
      errno: 0,
      ...(now?.value === undefined || known.flags.includes('write-only') ? {} : { value: now.value }),
      inactive: now?.flags.includes('inactive') ?? false,
    }
  }

  #change(id: number, changes: Partial<DeviceControl>): void {
    this.controls = this.controls.map((one) => (one.id === id ? { ...one, ...changes } : one))
  }

  #name(id: number): string {
    return this.controls.find((one) => one.id === id)?.name ?? String(id)
  }

  async #enter(call: string): Promise<void> {
    this.calls.push(call)
    await this.gate
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) throw failure
  }
}
