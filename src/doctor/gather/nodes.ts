/** Video nodes as the file system and the kernel's class show them. Nothing is opened. */

import { access, constants, realpath, stat } from 'node:fs/promises'
import type { NodeAccess } from '../facts.js'
import type { Directory } from './account.js'
import { namesIn, type Places, textOf } from './places.js'

export interface VideoNode {
  readonly node: string
  /** Of the card. */
  readonly name: string
  /** Its device in sysfs: for USB the interface. */
  readonly deviceDir?: string
  readonly exists: boolean
  /** The file in the device folder stands for this very device. */
  readonly isCurrent: boolean
}

/** All video nodes that the kernel knows, by number; undefined when it has no video class. */
export async function videoNodes({ sys, dev }: Places): Promise<readonly VideoNode[] | undefined> {
  const folder = `${sys}/class/video4linux`
  if ((await stat(folder).catch(() => undefined)) === undefined) return undefined
  const names = (await namesIn(folder)).filter((name) => /^video\d+$/.test(name))
  const nodes = await Promise.all(
    names.map(async (name) => {
      const node = `${dev}/${name}`
      const deviceDir = await realpath(`${folder}/${name}/device`).catch(() => undefined)
      const file = await stat(node).catch(() => undefined)
      const number = await textOf(`${folder}/${name}/dev`)
      const card = (await textOf(`${folder}/${name}/name`)) ?? name
      return {
        node,
        name: card,
        exists: file !== undefined,
        isCurrent: file !== undefined && (number === undefined || number === deviceNumber(file.rdev)),
        ...(deviceDir === undefined ? {} : { deviceDir }),
      }
    }),
  )
  return nodes.sort((a, b) => numberIn(a.node) - numberIn(b.node))
}

/** Nodes in the device folder that the kernel knows nothing of (any more), as containers and copied folders have them. */
export async function staleNodes({ dev }: Places, known: readonly VideoNode[]): Promise<readonly string[]> {
  const names = (await namesIn(dev)).filter((name) => /^video\d+$/.test(name))
  return names.map((name) => `${dev}/${name}`).filter((node) => !known.some((one) => one.node === node && one.isCurrent))
}

export async function nodeAccess(node: string, directory: Directory): Promise<NodeAccess | undefined> {
  const facts = await stat(node).catch(() => undefined)
  if (facts === undefined) return undefined
  const mayOpen = await access(node, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  )
  return { owner: directory.user(facts.uid), group: directory.group(facts.gid), mode: facts.mode & 0o7777, mayOpen }
}

/** `81:0`, as the kernel packs it. */
export function deviceNumber(rdev: number): string {
  const major = ((rdev >>> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & 0xfffff000)
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xffffff00)
  return `${major}:${minor}`
}

export function numberIn(node: string): number {
  return Number(/(\d+)$/.exec(node)?.[1] ?? 0)
}
