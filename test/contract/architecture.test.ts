/** The import table of docs/architecture.md, enforced. A need in the other direction becomes an event or an interface. */

import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../../src')

/** Folder → folders whose face (index.ts) it may import; `base` is imported file by file. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  config: ['base'],
  'camera-config': ['base', 'config'],
  native: ['base'],
  auth: ['base'],
  cameras: ['base', 'native'],
  media: ['base'],
  external: ['base'],
  snapshots: ['base', 'native', 'cameras'],
  recordings: ['base', 'media'],
  monitor: ['base'],
  'camera-face': ['base', 'auth'],
  rpc: ['base', 'auth', 'cameras', 'media', 'snapshots'],
  http: ['base', 'auth', 'rpc'],
  workers: ['base', 'auth', 'rpc', 'http'],
  doctor: ['base', 'native', 'cameras'],
  cli: ['base', 'config', 'auth', 'media', 'doctor', 'app'],
  app: [
    'base',
    'config',
    'camera-config',
    'camera-face',
    'native',
    'auth',
    'cameras',
    'media',
    'external',
    'snapshots',
    'recordings',
    'monitor',
    'rpc',
    'http',
    'workers',
  ],
  main: ['base', 'cli'],
}

/** Package → the one file that imports it at run time (types may be named elsewhere). */
const IMPORTER: Readonly<Record<string, string>> = {
  undici: 'media/api/client.ts',
  piscina: 'snapshots/pool.ts',
  'better-sqlite3': 'recordings/index-store/store.ts',
  sharp: 'snapshots/worker.ts',
  'fast-jwt': 'auth/tokens.ts',
  bcrypt: 'auth/keys/slow-hashes.ts',
  msgpackr: 'rpc/codec-msgpack.ts',
  pino: 'base/logger.ts',
  'uWebSockets.js': 'http/uws.ts',
  'uws-next': 'http/uws.ts',
  'uws-arm64': 'http/uws.ts',
  yaml: 'config/file.ts',
  'jsonc-parser': 'camera-config/json-text.ts',
}

/** Packages that many files use on purpose: one schema gives type, check and description. */
const SHARED_PACKAGES = ['@sinclair/typebox', '@sinclair/typebox/compiler', '@sinclair/typebox/value', '@sinclair/typebox/errors']

interface Import {
  readonly file: string
  readonly target: string
  readonly typeOnly: boolean
}

const files = (readdirSync(SRC, { recursive: true }) as string[]).filter((name) => name.endsWith('.ts')).sort()
const imports: Import[] = files.flatMap((file) => importsOf(file))

describe('who imports whom', () => {
  it('knows every folder', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => MAY_IMPORT[room] === undefined)).toEqual([])
  })

  it('follows the import table', () => {
    const wrong = local().filter(
      ({ file, to }) => roomOf(file) !== roomOf(to) && !(MAY_IMPORT[roomOf(file)] ?? []).includes(roomOf(to)),
    )
    expect(wrong.map(({ file, to }) => `${file} → ${to}`)).toEqual([])
  })

  it('goes through the face of a folder', () => {
    const inside = local().filter(
      ({ file, to }) => roomOf(file) !== roomOf(to) && roomOf(to) !== 'base' && to.includes('/') && !to.endsWith('/index.ts'),
    )
    expect(inside.map(({ file, to }) => `${file} → ${to}`)).toEqual([])
  })

  it('has no cycles between files', () => {
    const next = new Map<string, string[]>()
    for (const { file, to, typeOnly } of local()) if (!typeOnly) next.set(file, [...(next.get(file) ?? []), to])
    const state = new Map<string, 'open' | 'done'>()
    const cycles: string[] = []
    const visit = (file: string, trail: readonly string[]): void => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '))
        return
      }
      state.set(file, 'open')
      for (const to of next.get(file) ?? []) visit(to, [...trail, file])
      state.set(file, 'done')
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })

  it('gives each package one importer', () => {
    const outside = imports.filter(
      ({ target }) => !target.startsWith('.') && !isBuiltin(target) && !SHARED_PACKAGES.includes(target),
    )
    const wrong = outside.filter(({ file, target, typeOnly }) => !typeOnly && IMPORTER[target] !== file)
    expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([])
    const unused = Object.entries(IMPORTER).filter(([, file]) => !files.includes(file))
    expect(unused).toEqual([])
  })

  it('reads the environment and the arguments only at the top', () => {
    const readers = files.filter((file) => /process\.(env|argv)\b/.test(readFileSync(join(SRC, file), 'utf8')))
    // The web server takes its header limit from nowhere else.
    // Each program of package.json has a first file.
    const allowed = ['main.ts', 'http/uws.ts', 'cli/bin-keys.ts', 'cli/bin-jwt-generator.ts']
    expect(readers.filter((file) => !allowed.includes(file))).toEqual([])
  })
})

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  const found: Import[] = []
  for (const match of text.matchAll(/^(?:import|export)\s+(type\s+)?[^'"]*?from\s+'([^']+)'/gm)) {
    found.push({ file, target: match[2] ?? '', typeOnly: match[1] !== undefined || onlyTypes(match[0]) })
  }
  for (const match of text.matchAll(/(?:^import\s+|\bimport\(|\brequire\()'([^']+)'/gm)) {
    found.push({ file, target: match[1] ?? '', typeOnly: false })
  }
  return found
}

/** `import { type A, type B } from` leaves nothing behind at run time. */
function onlyTypes(statement: string): boolean {
  const names = /\{([^}]*)\}/.exec(statement)?.[1]
  if (names === undefined || /^import\s+\w/.test(statement.replace(/^import\s+type\s/, ''))) return false
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .every((name) => name.startsWith('type '))
}

function local(): (Import & { readonly to: string })[] {
  return imports
    .filter(({ target }) => target.startsWith('.'))
    .map((found) => ({
      ...found,
      to: relative(SRC, normalize(join(SRC, dirname(found.file), found.target))).replace(/\.js$/, '.ts'),
    }))
    .filter(({ to }) => !to.startsWith('..'))
}

/** `app.ts` and what is below `app/` are one room. */
function roomOf(file: string): string {
  return (file.split('/')[0] ?? '').replace(/\.ts$/, '')
}

function isBuiltin(target: string): boolean {
  return target.startsWith('node:') || builtinModules.includes(target)
}
