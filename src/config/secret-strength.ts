/** Whether a configured secret can be guessed. Pure; the secret is never repeated. */

const MIN_BYTES = 32
/** Fewer different bytes than this in 32 are no random text, whatever its length. */
const MIN_DIFFERENT = 8

/** Secrets that stand in published files and generators: everybody has them. */
const PUBLISHED: ReadonlySet<string> = new Set([
  'default-secret-key-change-in-production',
  'edge-device-secret-key-change-in-production',
])

/** What is wrong with it as a sentence, or nothing. */
export function secretWeakness(secret: string): string | undefined {
  if (PUBLISHED.has(secret)) return 'the secret is a published default'
  const bytes = Buffer.from(secret, 'utf8')
  if (bytes.length < MIN_BYTES) return `the secret must have at least ${MIN_BYTES} bytes`
  return new Set(bytes).size < MIN_DIFFERENT ? 'the secret repeats too few different characters' : undefined
}
