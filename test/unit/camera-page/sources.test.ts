/** What the page is made of: its own files only, and nothing that its content-security policy would refuse. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const DIR = join(import.meta.dirname, '../../../web/camera-page')
const files = readdirSync(DIR).map((name) => ({ name, text: readFileSync(join(DIR, name), 'utf8') }))
const of = (ending: string) => files.filter(({ name }) => name.endsWith(ending))

describe('the sources of the page', () => {
  it('import modules of the page alone', () => {
    const imports = of('.ts').flatMap(({ text }) => [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from ?? ''))
    expect(imports.length).toBeGreaterThan(30)
    for (const from of imports) expect(files.map(({ name }) => name)).toContain(from.replace(/^\.\/(.*)\.js$/, '$1.ts'))
  })

  it('name no other place, and hold no script or style between the lines', () => {
    for (const { name, text } of files.filter((file) => !file.name.endsWith('tsconfig.json'))) {
      const addresses = [...text.matchAll(/(?:https?:)?\/\/[a-z][\w.-]*\.[a-z]{2,}\S*/g)].map(([address]) => address)
      expect(
        addresses.filter((address) => !address.includes('www.w3.org/2000/svg')),
        name,
      ).toEqual([])
    }
    for (const { text } of of('.html')) expect(text).not.toMatch(/\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)/)
    for (const { text } of of('.ts')) expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function/)
  })

  it('refer to files that are there', () => {
    const [page] = of('.html')
    const assets = [...(page?.text.matchAll(/(?:href|src)="page\/([^"]+)"/g) ?? [])].map(([, asset]) => asset ?? '')
    expect(assets.length).toBeGreaterThan(3)
    for (const asset of assets) expect(files.map(({ name }) => name)).toContain(asset.replace(/\.js$/, '.ts'))
  })
})
