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
      const exists = (await stat(node).catch(() => undefined)) !== undefined
      const card = (await textOf(`${folder}/${name}/name`)) ?? name
      return { node, name: card, exists, ...(deviceDir === undefined ? {} : { deviceDir }) }
    }),
  )
  return nodes.sort((a, b) => numberIn(a.node) - numberIn(b.node))
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

export function numberIn(node: string): number {
  return Number(/(\d+)$/.exec(node)?.[1] ?? 0)
}
