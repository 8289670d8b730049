/** The settings of a camera: which there are, what a form's texts mean, and whose fault a refusal names. Pure. */

import type { Fields, Status } from './wire.js'

export interface Setting {
  readonly key: string
  readonly label: string
  readonly kind: 'number' | 'text' | 'flag'
  /** Takes a whole row. */
  readonly isWide?: true
  /** Only the default camera has it. */
  readonly isDefaultOnly?: true
}

export const SETTINGS: readonly Setting[] = [
  { key: 'width', label: 'Width, pixels', kind: 'number' },
  { key: 'height', label: 'Height, pixels', kind: 'number' },
  { key: 'fps', label: 'Frames per second', kind: 'number' },
  { key: 'jpeg_quality', label: 'JPEG quality', kind: 'number' },
  { key: 'buffer_size', label: 'Frames kept', kind: 'number' },
  { key: 'reconnect_interval', label: 'Retry every, seconds', kind: 'number' },
  { key: 'max_reconnect_attempts', label: 'Attempts, 0 for no limit', kind: 'number', isWide: true },
  { key: 'auto_reconnect', label: 'Reconnect by itself', kind: 'flag', isWide: true },
  { key: 'device_path', label: 'Device', kind: 'text', isWide: true, isDefaultOnly: true },
]

/** What holds now: a camera that delivers says itself how large and how often. */
export function inForce({ config, actual }: Pick<Status, 'config' | 'actual'>): Fields {
  if (actual === undefined) return config
  return { ...config, width: actual.width, height: actual.height, fps: actual.fpsNominal }
}

export type Entered = Readonly<Record<string, string | boolean>>

/** What a form shows of a value. */
export function entryOf({ kind }: Setting, value: unknown): string | boolean {
  if (kind === 'flag') return value === true
  return value === null || value === undefined ? '' : String(value)
}

/** What was changed, as JSON values. A text that is no number goes as it is: the service says what it should be. */
export function changedValues(settings: readonly Setting[], before: Fields, entered: Entered): Record<string, unknown> {
  return Object.fromEntries(
    settings
      .filter((setting) => entryOf(setting, before[setting.key]) !== entered[setting.key])
      .map((setting) => [setting.key, jsonOf(setting, entered[setting.key])]),
  )
}

function jsonOf({ kind }: Setting, entry: string | boolean | undefined): unknown {
  if (typeof entry !== 'string') return entry === true
  const trimmed = entry.trim()
  if (kind === 'number') return /^[+-]?\d+(?:[.,]\d+)?$/.test(trimmed) ? Number(trimmed.replace(',', '.')) : trimmed
  return trimmed === '' ? null : trimmed
}

export interface Problems {
  /** Key to what is wrong with it. */
  readonly byKey: ReadonlyMap<string, string>
  readonly others: readonly string[]
}

/** Of `Invalid configuration: camera.fps: must be …; cameras.camera1.width: …`. */
export function problemsOf(detail: string, keys: readonly string[]): Problems {
  const byKey = new Map<string, string>()
  const others: string[] = []
  for (const problem of detail.replace(/^Invalid configuration: /, '').split('; ')) {
    const named = /^([\w.[\]]+): (.+)$/s.exec(problem)
    const key = named?.[1]?.split('.').at(-1) ?? ''
    if (named?.[2] !== undefined && keys.includes(key)) byKey.set(key, named[2])
    else others.push(problem)
  }
  return { byKey, others }
}

/** What became of settings that were taken. `pending`: dotted keys that wait for a restart. */
export function outcomeOf(keys: readonly string[], pending: readonly string[]): string {
  const later = keys.filter((key) => pending.some((path) => path.split('.').at(-1) === key))
  const now = keys.filter((key) => !later.includes(key)).map(words)
  const parts = [
    ...(now.length > 0 ? [`In force: ${now.join(', ')}.`] : []),
    ...(later.length > 0 ? [`After a restart of the service: ${later.map(words).join(', ')}.`] : []),
  ]
  return parts.join(' ')
}

function words(key: string): string {
  return key.replaceAll('_', ' ')
}
