import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Entry {
  readonly version?: string
  readonly resolved?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const text = readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')
const packages = (JSON.parse(text) as { packages: Record<string, Entry> }).packages

describe('package-lock.json', () => {
  it('names the packages of all platforms, so that npm ci takes it (scripts/complete-lock.mjs adds them)', () => {
    const missing = Object.entries(packages).flatMap(([place, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).filter(
        (name) => packages[`node_modules/${name}`] === undefined && packages[`${place}/node_modules/${name}`] === undefined,
      ),
    )
    expect(missing).toEqual([])
  })

  it('holds no address of a registry', () => {
    expect(Object.values(packages).filter((entry) => entry.resolved !== undefined)).toEqual([])
  })
})
