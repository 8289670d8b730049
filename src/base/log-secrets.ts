/** Values that no log shows, whoever logs them and however deep. Pure. */

type Facts = Readonly<Record<string, unknown>>

const SECRET_KEYS: ReadonlySet<string> = new Set([
  'token',
  'auth_token',
  'api_key',
  'x-api-key',
  'key_hash',
  'jwt_secret_key',
  'jwt_previous_secret_key',
  'password',
  'authorization',
  'secret',
])
const REMOVED = '[removed]'
/** Deeper than anything that is logged; of objects with secrets what lies deeper is left out. */
const LEVELS = 8

/** The same object where it holds no secret, which is nearly always; else a copy without. */
export function censored<Value extends object>(facts: Value): Value {
  return holdsSecret(facts, LEVELS) ? (copyWithout(facts as Facts, LEVELS) as Value) : facts
}

function holdsSecret(value: object, levels: number): boolean {
  for (const key in value) {
    if (SECRET_KEYS.has(key)) return true
    const inner: unknown = (value as Facts)[key]
    if (typeof inner === 'object' && inner !== null && levels > 1 && holdsSecret(inner, levels - 1)) return true
  }
  return false
}

function copyWithout(value: Facts, levels: number): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => copyOf(each, levels))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, SECRET_KEYS.has(key) ? REMOVED : copyOf(each, levels)]),
  )
}

function copyOf(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (levels === 1) return REMOVED
  return holdsSecret(value, levels - 1) ? copyWithout(value as Facts, levels - 1) : value
}
