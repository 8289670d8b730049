/** How one line of the schema table is written. */

import {
  booleanKind,
  choiceKind,
  durationKind,
  integerKind,
  integersKind,
  type Kind,
  type Limits,
  listKind,
  mapKind,
  modeKind,
  numberKind,
  type Pattern,
  rangeKind,
  textKind,
  type WantedMode,
} from './kinds.js'

/** `live`: a reload puts it in force; `restart`: it waits for the next start. */
export type Reload = 'live' | 'restart'

/**
 * What a change of config.json does: in force for the next frame or request; the cameras concerned are opened anew; the listener is
 * made anew; it waits for the next start.
 */
export type Apply = 'live' | 'cam' | 'bind' | 'start'

/** A name, or one whose value lacks its unit. */
export type OlderVariable = string | { readonly name: string; readonly unit: string }

export function nameOfVariable(variable: OlderVariable): string {
  return typeof variable === 'string' ? variable : variable.name
}

export interface Common {
  readonly reload: Reload
  /** Of keys that config.json has too. */
  readonly apply?: Apply
  /** Not in a config.json that is written for the first time. */
  readonly extension?: true
  /** One sentence for the manual and the sample file; units said. */
  readonly doc: string
  /** Other environment names that older editions used. */
  readonly alsoEnv?: readonly OlderVariable[]
  /** An empty text means the default: older files are written so. */
  readonly blankIsDefault?: true
}

export interface Key<Value> extends Common {
  readonly kind: Kind<NonNullable<Value>>
  readonly default: Value
  /** `null` may be written, and means the same as leaving the key out. */
  readonly nullable: boolean
  /** Never printed. */
  readonly secret: boolean
  /** A place on disk, checked when it was configured. */
  readonly place?: Place
}

export interface Place {
  /** `own-file`: one that is made when missing. */
  readonly is: 'folder' | 'file' | 'own-file' | 'program'
  /** Default: this name below the state directory. */
  readonly below?: string
}

export interface Section<Keys extends Table> {
  readonly section: true
  readonly doc: string
  readonly keys: Keys
}

// A table holds keys of every value type; only this variance-free form accepts them all.
// biome-ignore lint/suspicious/noExplicitAny: the exact types are inferred per key, see ValuesOf
export type Table = { readonly [name: string]: Key<any> | Section<Table> }

/** The typed configuration of a table: deep readonly, keys as in YAML, durations in milliseconds. */
export type ValuesOf<Keys extends Table> = {
  readonly [Name in keyof Keys]: Keys[Name] extends Section<infer Inner>
    ? ValuesOf<Inner>
    : Keys[Name] extends Key<infer Value>
      ? Value
      : never
}

type With<Value, Extra = unknown> = Common & Extra & { readonly default: Value }

export function section<Keys extends Table>(doc: string, keys: Keys): Section<Keys> {
  return { section: true, doc, keys }
}

export function integer({ min, max, ...rest }: With<number, Limits>): Key<number> {
  return plain(integerKind({ min, max }), rest)
}

export function number({ min, max, ...rest }: With<number, Limits>): Key<number> {
  return plain(numberKind({ min, max }), rest)
}

/** Default and limits in milliseconds. */
export function duration({ min, max, ...rest }: With<number, Limits>): Key<number> {
  return plain(durationKind({ min, max }), rest)
}

export function flag(rest: With<boolean>): Key<boolean> {
  return plain(booleanKind, rest)
}

export function text({
  rule,
  pattern,
  ...rest
}: With<string, { readonly rule?: string; readonly pattern?: Pattern }>): Key<string> {
  return plain(textKind(rule, pattern), rest)
}

export function choice<Word extends string>({
  words,
  aliases,
  ...rest
}: Common & {
  readonly words: readonly Word[]
  readonly aliases?: Readonly<Record<string, NoInfer<Word>>>
  readonly default: NoInfer<Word>
}): Key<Word> {
  return plain(choiceKind<Word>(words, aliases), rest)
}

export function list({ item, ...rest }: With<readonly string[], { readonly item: Kind<string> }>): Key<readonly string[]> {
  return plain(listKind(item), rest)
}

export function integers({ min, max, ...rest }: With<readonly number[], Limits>): Key<readonly number[]> {
  return plain(integersKind({ min, max }), rest)
}

export function range({ min, max, ...rest }: With<readonly [number, number], Limits>): Key<readonly [number, number]> {
  return plain(rangeKind({ min, max }), rest)
}

/** `cameraN` → text. */
export function textPerCamera({ item, ...rest }: Common & { readonly item: Kind<string> }) {
  return plain(mapKind(/^camera\d{1,5}$/, 'camera ids', item), { ...rest, default: Object.freeze<Record<string, string>>({}) })
}

/** `cameraN` → wanted mode. */
export function modePerCamera(rest: Common) {
  return plain(mapKind(/^camera\d{1,5}$/, 'camera ids', modeKind), {
    ...rest,
    default: Object.freeze<Record<string, WantedMode>>({}),
  })
}

/** A folder of ours; unless configured it lies below the state directory, and the loader fills it in. */
export function folder({ below, ...rest }: Common & { readonly below: string }): Key<string> {
  return { ...plain(pathKind, { ...rest, default: below }), place: { is: 'folder', below } }
}

/** The state directory itself: made when missing. */
export function stateFolder(rest: Common): Key<string> {
  return { ...plain(pathKind, { ...rest, default: './data' }), place: { is: 'folder' } }
}

/** A file or program; `null`: none. */
export function optionalPlace({ is, ...rest }: Common & Pick<Place, 'is'>): Key<string | null> {
  return { ...optional(plain(pathKind, { ...rest, default: '' })), place: { is } }
}

/** A file that the service keeps; unless configured it lies below the state directory. */
export function file({ below, ...rest }: Common & { readonly below: string }): Key<string> {
  return { ...plain(pathKind, { ...rest, default: below }), place: { is: 'own-file', below } }
}

/** The same key, whose `null` has a meaning of its own. */
export function nullable<Value>(key: Key<Value>): Key<Value | null> {
  return { ...key, nullable: true } as Key<Value | null>
}

/** The same key with `null` as default. */
export function optional<Value>(key: Key<Value>): Key<Value | null> {
  return { ...key, default: null, nullable: true } as Key<Value | null>
}

/** The same key, never printed. */
export function secret<Value>(key: Key<Value>): Key<Value> {
  return { ...key, secret: true }
}

/** Whether it is absolute depends on where it was written: see places.ts. */
const pathKind = textKind('an absolute, normalised path')

function plain<Value>(kind: Kind<NonNullable<Value>>, rest: With<Value>): Key<Value> {
  return { ...rest, kind, nullable: false, secret: false }
}
