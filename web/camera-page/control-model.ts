/** Controls as the service lists them, and how each is shown. Pure. */

import { type Fields, fields, list, number, text } from './wire.js'

export type ControlValue = number | string | boolean

export interface Control {
  readonly id: number
  readonly name: string
  readonly label: string
  readonly type: string
  readonly minimum: number | undefined
  readonly maximum: number | undefined
  readonly step: number
  readonly default: ControlValue | undefined
  readonly value: ControlValue | undefined
  readonly menu: readonly { readonly value: number; readonly label: string }[]
  readonly flags: readonly string[]
  readonly inactive: boolean
  readonly settable: boolean
}

export interface SetResult {
  readonly name: string
  readonly isSet: boolean
  readonly value: ControlValue | undefined
  /** What is to be said of it. */
  readonly detail: string
}

/** `slider switch select button text`: what it is set with. */
export type Widget = 'slider' | 'switch' | 'select' | 'button' | 'text'

/** More steps than that are no business of a slider. */
const MAX_STEPS = 200_000

export function controlsOf(document: unknown): readonly Control[] {
  return list(Array.isArray(document) ? document : fields(document).controls)
    .map((item) => controlOf(fields(item)))
    .filter(({ name, type }) => name !== '' && type !== 'compound')
}

function controlOf(item: Fields): Control {
  return {
    id: number(item.id),
    name: text(item.name),
    label: text(item.label) || text(item.name),
    type: text(item.type),
    minimum: typeof item.minimum === 'number' ? item.minimum : undefined,
    maximum: typeof item.maximum === 'number' ? item.maximum : undefined,
    step: Math.max(1, number(item.step, 1)),
    default: controlValue(item.default),
    value: controlValue(item.value),
    menu: list(item.menu).map((entry) => ({ value: number(fields(entry).value), label: text(fields(entry).label) })),
    flags: list(item.flags).map((flag) => text(flag)),
    inactive: item.inactive === true,
    settable: item.settable !== false,
  }
}

export function resultsOf(document: unknown): readonly SetResult[] {
  return list(Array.isArray(document) ? document : fields(document).results)
    .map(fields)
    .map((item) => ({
      name: text(item.name),
      isSet: item.status === 'applied' || item.status === 'clamped',
      value: controlValue(item.value),
      detail: text(item.detail),
    }))
}

function controlValue(value: unknown): ControlValue | undefined {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}

export function widgetOf({ type, minimum, maximum, step, menu }: Control): Widget {
  if (type === 'boolean') return 'switch'
  if (type === 'button') return 'button'
  if (type === 'menu' || type === 'integer-menu') return menu.length > 0 ? 'select' : 'text'
  const hasRange = minimum !== undefined && maximum !== undefined && maximum > minimum
  return type === 'integer' && hasRange && (maximum - minimum) / step <= MAX_STEPS ? 'slider' : 'text'
}

/** A value as people read it. */
export function shown({ type, menu }: Control, value: ControlValue | undefined): string {
  if (value === undefined) return ''
  if (type === 'boolean') return value === true ? 'On' : 'Off'
  return menu.find((entry) => entry.value === value)?.label ?? String(value)
}

/** Why it cannot be moved now; undefined when it can. */
export function lockOf({ settable, inactive, flags }: Control): string | undefined {
  if (flags.includes('broken')) return 'The camera does not answer for this control.'
  if (!settable) return 'Read-only.'
  if (flags.includes('grabbed')) return 'Locked while the camera streams.'
  return inactive ? 'Set by an automatic control.' : undefined
}

/** Whether others may have changed with it. */
export function movesOthers({ type, flags }: Control): boolean {
  return flags.includes('update') || type === 'boolean' || type === 'menu' || type === 'button'
}

/** Pan, tilt and zoom move hardware: never without being named. */
const MOTION = /^(?:pan|tilt|zoom)(?:_|$)/

export function canReset(control: Control): boolean {
  const { name, default: standard, value } = control
  return standard !== undefined && value !== standard && lockOf(control) === undefined && !MOTION.test(name)
}

const CLASSES: readonly (readonly [number, string])[] = [
  [0x98, 'Picture'],
  [0x9a, 'Exposure and lens'],
  [0x9d, 'JPEG'],
]

/** By the kernel's classes, in their order; empty ones left out. */
export function grouped(
  controls: readonly Control[],
): readonly { readonly title: string; readonly controls: readonly Control[] }[] {
  const titleOf = ({ id }: Control): string => CLASSES.find(([kind]) => id >>> 16 === kind)?.[1] ?? 'More'
  return [...CLASSES.map(([, title]) => title), 'More']
    .map((title) => ({ title, controls: controls.filter((control) => titleOf(control) === title) }))
    .filter((group) => group.controls.length > 0)
}
