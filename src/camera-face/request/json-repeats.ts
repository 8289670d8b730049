/** Keys that a JSON text gives twice in one object: a parser keeps the last and drops the others without a word. Pure. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g
/** More say nothing new. */
const MAX_TOLD = 8
const MAX_SHOWN_KEY = 64

interface Container {
  /** Undefined for an array. */
  readonly names: Set<string> | undefined
  /** Where what comes next stands. */
  place: string
  index: number
}

/** `camera.fps`, `cameras[1].id`, …, in the order of the text, which must be JSON. */
export function repeatedKeys(text: string): readonly string[] {
  const repeated: string[] = []
  const open: Container[] = []
  let lastString = ''
  for (const [token] of text.matchAll(TOKEN)) {
    const inside = open.at(-1)
    if (token === '{' || token === '[') open.push({ names: token === '{' ? new Set() : undefined, place: '', index: 0 })
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',' && inside !== undefined) inside.index += 1
    else if (token === ':' && inside?.names !== undefined) {
      const name = String(JSON.parse(lastString))
      inside.place = name
      if (inside.names.has(name) && repeated.length < MAX_TOLD) repeated.push(placeOf(open))
      inside.names.add(name)
    } else lastString = token
  }
  return repeated
}

function placeOf(open: readonly Container[]): string {
  return open
    .map(({ names, place, index }, depth) => {
      if (names === undefined) return `[${index}]`
      // A strange name is quoted, so that no document adds lines to a log.
      const name = /^[\w$-]{1,64}$/.test(place) ? place : JSON.stringify(place.slice(0, MAX_SHOWN_KEY))
      return depth === 0 ? name : `.${name}`
    })
    .join('')
}
