/** The kinds of values a key may have: what is accepted, how it is said, and how an environment text becomes one. */

/** Marks a value that breaks the rule of its kind. */
export const REFUSED = Symbol('refused')

export interface Kind<Value> {
  /** Short name for the manual. */
  readonly name: string
  /** The rule a value must obey, as a noun phrase: "an integer between 1 and 65535". */
  readonly rule: string
  /** From what YAML gives. Pure. */
  parse(value: unknown): Value | typeof REFUSED
  /** From an environment variable to what YAML would have given. */
  fromText(text: string): unknown
  /** The value as a person would write it in the file. */
  show(value: Value): unknown
}

export interface Limits {
  readonly min: number
  readonly max: number
}

const SECOND = 1000
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: 60 * SECOND, h: 3600 * SECOND, d: 86_400 * SECOND }
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g
const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/

export function integerKind({ min, max }: Limits): Kind<number> {
  return {
    name: 'integer',
    rule: `an integer between ${min} and ${max}`,
    parse: (value) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max ? value : REFUSED,
    fromText: numberOf,
    show: (value) => value,
  }
}

export function numberKind({ min, max }: Limits): Kind<number> {
  return {
    name: 'number',
    rule: `a number between ${min} and ${max}`,
    parse: (value) => (typeof value === 'number' && value >= min && value <= max ? value : REFUSED),
    fromText: numberOf,
    show: (value) => value,
  }
}

/** Milliseconds inside; written `5s`, `1m30s`, `12h`, or a plain number of seconds. Limits in milliseconds. */
export function durationKind({ min, max }: Limits): Kind<number> {
  return {
    name: 'duration',
    rule: `a duration between ${showDuration(min)} and ${showDuration(max)}, such as 5s or 1m30s`,
    parse: (value) => {
      const ms = parseDuration(value)
      return ms !== undefined && ms >= min && ms <= max ? ms : REFUSED
    },
    fromText: numberOf,
    show: showDuration,
  }
}

export const booleanKind: Kind<boolean> = {
  name: 'boolean',
  rule: 'true or false',
  parse: (value) => (typeof value === 'boolean' ? value : REFUSED),
  fromText: (text) => {
    const word = text.toLowerCase()
    if (['true', 'yes', 'on', '1'].includes(word)) return true
    return ['false', 'no', 'off', '0'].includes(word) ? false : text
  },
  show: (value) => value,
}

/** A regular expression, or a rule that none can say. */
export interface Pattern {
  test(value: string): boolean
}

export function textKind(rule = 'a text that is not blank', pattern: Pattern = /\S/): Kind<string> {
  return {
    name: 'text',
    rule,
    parse: (value) => (typeof value === 'string' && pattern.test(value) ? value : REFUSED),
    fromText: (text) => text,
    show: (value) => value,
  }
}

/** One of a closed set. `aliases` are other spellings that older files use. Numbers such as a level of 4.0 match their text. */
export function choiceKind<Word extends string>(
  words: readonly Word[],
  aliases: Readonly<Record<string, Word>> = {},
): Kind<Word> {
  const byText = new Map<string, Word>([...words.map((word) => [word, word] as const), ...Object.entries(aliases)])
  return {
    name: words.join(' | '),
    rule: `one of ${words.join(', ')}`,
    parse: (value) => {
      if (typeof value === 'number') return byText.get(value.toFixed(1)) ?? REFUSED
      return typeof value === 'string' ? (byText.get(value) ?? byText.get(value.toLowerCase()) ?? REFUSED) : REFUSED
    },
    fromText: (text) => text,
    show: (value) => value,
  }
}

/** A list of texts; in the environment separated by commas. */
export function listKind(item: Kind<string>): Kind<readonly string[]> {
  return {
    name: 'list of text',
    rule: `a list, each entry ${item.rule}`,
    parse: (value) =>
      Array.isArray(value) && value.every((entry) => item.parse(entry) !== REFUSED) ? value.map(String) : REFUSED,
    fromText: (text) => (text.trim() === '' ? [] : text.split(',').map((entry) => entry.trim())),
    show: (value) => value,
  }
}

/** A list of integers; in the environment separated by commas. */
export function integersKind(limits: Limits): Kind<readonly number[]> {
  const item = integerKind(limits)
  return {
    name: 'list of integers',
    rule: `a list, each entry ${item.rule}`,
    parse: (value) => (Array.isArray(value) && value.every((entry) => item.parse(entry) !== REFUSED) ? [...value] : REFUSED),
    fromText: (text) => (text.trim() === '' ? [] : text.split(',').map((entry) => numberOf(entry.trim()))),
    show: (value) => value,
  }
}

/** `[first, last]`, both ends included. */
export function rangeKind({ min, max }: Limits): Kind<readonly [number, number]> {
  const end = integerKind({ min, max })
  return {
    name: '[first, last]',
    rule: `two integers [first, last] between ${min} and ${max}, first not above last`,
    parse: (value) => {
      if (!Array.isArray(value) || value.length !== 2) return REFUSED
      const [first, last] = value.map((entry) => end.parse(entry))
      if (typeof first !== 'number' || typeof last !== 'number' || first > last) return REFUSED
      return [first, last]
    },
    fromText: (text) =>
      text
        .replace(/^\[|\]$/g, '')
        .split(',')
        .map((entry) => numberOf(entry.trim())),
    show: (value) => value,
  }
}

/** A mapping from names to values; in the environment `name=value` separated by commas. */
export function mapKind<Value>(names: RegExp, nameRule: string, item: Kind<Value>): Kind<Readonly<Record<string, Value>>> {
  return {
    name: `map to ${item.name}`,
    rule: `a mapping from ${nameRule} to ${item.rule}`,
    parse: (value) => {
      if (!(value instanceof Map)) return REFUSED
      const parsed: Record<string, Value> = Object.create(null)
      for (const [name, entry] of value) {
        const accepted = item.parse(entry)
        if (typeof name !== 'string' || !names.test(name) || accepted === REFUSED) return REFUSED
        parsed[name] = accepted
      }
      return parsed
    },
    fromText: (text) =>
      new Map(
        text
          .split(',')
          .filter((pair) => pair.trim() !== '')
          .map((pair) => {
            const split = pair.indexOf('=')
            return [pair.slice(0, split).trim(), item.fromText(pair.slice(split + 1).trim())]
          }),
      ),
    show: (value) => Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, item.show(entry)])),
  }
}

/** A wanted mode of a camera; what is absent is left to the rule. */
export interface WantedMode {
  readonly fourcc?: string
  readonly width?: number
  readonly height?: number
  readonly fps?: number
}

/** `MJPG 1280x720@30`, each of the three parts optional. */
export const modeKind: Kind<WantedMode> = {
  name: 'mode',
  rule: 'a mode such as "MJPG 1280x720@30", "1280x720" or "@15"',
  parse: (value) => {
    if (typeof value !== 'string' || value.trim() === '') return REFUSED
    const match = /^([A-Z0-9]{4})?(?:(?:^| )(\d{2,5})x(\d{2,5}))?(?: ?@(\d{1,3}(?:\.\d+)?))?$/.exec(value.trim())
    if (match === null) return REFUSED
    const [, fourcc, width, height, fps] = match
    return {
      ...(fourcc !== undefined && { fourcc }),
      ...(width !== undefined && { width: Number(width), height: Number(height) }),
      ...(fps !== undefined && { fps: Number(fps) }),
    }
  },
  fromText: (text) => text,
  show: ({ fourcc = '', width, height, fps }) =>
    `${fourcc} ${width === undefined ? '' : `${width}x${height}`}${fps === undefined ? '' : `@${fps}`}`.trim(),
}

/** Milliseconds as text: the largest unit that gives a whole number. */
function showDuration(ms: number): string {
  for (const unit of ['h', 'm', 's']) {
    const size = UNITS_MS[unit] ?? 1
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`
  }
  return ms === 0 ? '0s' : `${ms}ms`
}

function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Math.round(value * SECOND)
  if (typeof value !== 'string' || !DURATION.test(value)) return undefined
  let ms = 0
  for (const [, amount, unit] of value.matchAll(DURATION_PART)) ms += Number(amount) * (UNITS_MS[unit ?? ''] ?? 0)
  return Math.round(ms)
}

/** The number a text says, else the text itself, which no kind of number accepts. */
function numberOf(text: string): unknown {
  return DECIMAL.test(text) ? Number(text) : text
}
