/** A change (the body of a PUT) as edits of the file: objects merge one level deep, cameras by id, all else is replaced. Pure. */

import { isDeepStrictEqual } from 'node:util'
import { type ElementChange, isObject, type Said } from './check.js'
import type { Edit } from './json-text.js'

/** `document` is the file's content without mistakes. The edits are meant to be made in this order; what is there already is left out. */
export function mergeEdits(document: unknown, change: Said): Edit[] {
  const root = isObject(document) ? document : {}
  return [
    ...sectionEdits(root, 'camera', change.camera),
    ...sectionEdits(root, 'server', change.server),
    ...cameraEdits(root, change.cameras ?? []),
    ...(change.auto_discover === undefined || root.auto_discover === change.auto_discover
      ? []
      : [{ place: ['auto_discover'], value: change.auto_discover }]),
  ]
}

/** The camera keys of the default camera's element are those of `camera`: one truth for both ways of saying it. */
export function foldDefaultCamera(change: Said, defaultId: string | undefined): Said {
  const element = change.cameras?.find(({ id, $delete }) => id === defaultId && $delete === undefined)
  if (element === undefined) return change
  const { id, name, enabled, on_demand, ...camera } = element
  const rest: ElementChange = {
    id,
    ...(name !== undefined && { name }),
    ...(enabled !== undefined && { enabled }),
    ...(on_demand !== undefined && { on_demand }),
  }
  const cameras = change.cameras?.map((each) => (each === element ? rest : each))
  return { ...change, camera: { ...camera, ...change.camera }, ...(cameras !== undefined && { cameras }) }
}

function sectionEdits(root: Readonly<Record<string, unknown>>, name: string, values: object): Edit[] {
  const section = isObject(root[name]) ? root[name] : {}
  return changedEntries(section, values).map(([key, value]) => ({ place: [name, key], value }))
}

function cameraEdits(root: Readonly<Record<string, unknown>>, changes: readonly ElementChange[]): Edit[] {
  const edits: Edit[] = []
  // The elements as they stand after the edits so far.
  const elements: unknown[] = Array.isArray(root.cameras) ? [...root.cameras] : []
  for (const { $delete: removed, ...change } of changes) {
    const index = elements.findIndex((element) => isObject(element) && element.id === change.id)
    const found = elements[index]
    if (removed === true) {
      if (index >= 0) edits.push({ place: ['cameras', index], value: undefined })
      if (index >= 0) elements.splice(index, 1)
    } else if (isObject(found)) {
      edits.push(...changedEntries(found, change).map(([key, value]) => ({ place: ['cameras', index, key], value })))
    } else {
      edits.push(
        elements.length === 0
          ? { place: ['cameras'], value: [change] }
          : { place: ['cameras', elements.length], value: change, isNew: true },
      )
      elements.push(change)
    }
  }
  return edits
}

function changedEntries(old: Readonly<Record<string, unknown>>, values: object): [string, unknown][] {
  return Object.entries(values).filter(([key, value]) => !(Object.hasOwn(old, key) && isDeepStrictEqual(old[key], value)))
}
